// Elements of the page. Text always goes in as text: no label is ever parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** Return a new HTML element; `on` holds listeners, other properties are set as they are. */
export function html(name, { on = {}, data = {}, ...properties } = {}, ...children) {
  const element = document.createElement(name);
  Object.assign(element, properties);
  Object.assign(element.dataset, data);
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Return a new SVG element with attributes and, if given, a text. */
export function svg(name, attributes = {}, text = undefined) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** Return the element of that id. */
export const byId = (id) => document.getElementById(id);

/** Return a button with a text and what a click does. */
export function button(text, click, properties = {}) {
  return html("button", { type: "button", textContent: text, on: { click }, ...properties });
}

/** Return an input with a label for screen readers. */
export function field(label, properties = {}) {
  return html("input", { type: "text", placeholder: label, ariaLabel: label, ...properties });
}
