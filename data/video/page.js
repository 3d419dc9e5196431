// The time line of a video: tracks and events as bars, and the frame of what is chosen.
// Every text goes in as text, never as markup.
"use strict";
const content = JSON.parse(document.getElementById("content").textContent);
const SVG = "http://www.w3.org/2000/svg";
const at = (id) => document.getElementById(id);
const LEFT = 130, RIGHT = 12, ROW = 24, WIDTH = 760, TOP = 26;
const COLOURS = ["#1f77b4", "#ff7f0e", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#17becf", "#bcbd22", "#7f7f7f", "#d62728"];
const colour = (track) => COLOURS[track % COLOURS.length];
const seconds = (value) => `${value.toFixed(1)} s`;
const x = (time) => LEFT + (WIDTH - LEFT - RIGHT) * time / Math.max(content.duration, 1e-6);
let shown = 0, chosen = null;

function svg(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function html(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

function words(event) {
  const what = event.what === null ? "" : ` ${content.tracks[event.what].label}`;
  return `${content.tracks[event.who].label} ${event.name}${what}`;
}

function when(event) {
  return event.start === event.end ? seconds(event.start) : `${seconds(event.start)} to ${seconds(event.end)}`;
}

function nearest(time) {
  let best = 0;
  content.frames.forEach((frame, place) => {
    if (Math.abs(frame.seconds - time) < Math.abs(content.frames[best].seconds - time)) best = place;
  });
  return best;
}

function showFrame(place) {
  if (!content.frames.length) return;
  shown = Math.min(Math.max(place, 0), content.frames.length - 1);
  const frame = content.frames[shown], picture = at("frame");
  picture.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
  picture.replaceChildren(svg("image", { href: frame.url, width: frame.width, height: frame.height }));
  const parts = chosen === null ? [] : [content.events[chosen].who, content.events[chosen].what];
  for (const [track, x1, y1, x2, y2] of frame.boxes) {
    const part = parts.includes(track) ? "part" : "";
    picture.append(svg("rect", { x: x1, y: y1, width: Math.max(x2 - x1, 1), height: Math.max(y2 - y1, 1), stroke: colour(track), class: part }));
    picture.append(svg("text", { x: x1 + 3, y: Math.max(y1 + 15, 15) }, content.tracks[track].label));
  }
  const now = content.events.filter((one) => one.start - 0.3 <= frame.seconds && frame.seconds <= one.end + 0.3);
  at("moment").textContent = [seconds(frame.seconds), ...now.map(words)].join(" · ");
  const line = document.querySelector("#line .now");
  line.setAttribute("x1", x(frame.seconds));
  line.setAttribute("x2", x(frame.seconds));
  at("previous").disabled = shown === 0;
  at("next").disabled = shown === content.frames.length - 1;
}

function choose(place) {
  chosen = place;
  for (const one of document.querySelectorAll("[data-event]")) {
    one.classList.toggle("chosen", Number(one.dataset.event) === place);
  }
  showFrame(content.events[place].frame);
}

function pressable(element, label, action) {
  element.setAttribute("tabindex", "0");
  element.setAttribute("role", "button");
  element.setAttribute("aria-label", label);
  element.append(svg("title", {}, label));
  element.addEventListener("click", action);
  element.addEventListener("keydown", (key) => {
    if (key.key === "Enter" || key.key === " ") { key.preventDefault(); action(); }
  });
  return element;
}

function bar(start, end, y, height, fill, name) {
  const width = Math.max(x(end) - x(start), 7);
  return svg("rect", { x: Math.min(x(start), WIDTH - RIGHT - width), y, width, height, rx: 3, fill, class: name });
}

function drawLine() {
  const line = at("line"), names = [...new Set(content.events.map((one) => one.name))];
  const rows = content.tracks.length + names.length;
  const height = TOP + rows * ROW + 20;
  line.setAttribute("viewBox", `0 0 ${WIDTH} ${height}`);
  const step = [0.5, 1, 2, 5, 10, 30, 60, 300, 600].find((one) => content.duration / one <= 12) || 1200;
  for (let time = 0; time <= content.duration + 1e-6; time += step) {
    line.append(svg("line", { x1: x(time), x2: x(time), y1: TOP - 4, y2: height - 16, class: "grid" }));
    line.append(svg("text", { x: x(time), y: TOP - 10, "text-anchor": "middle" }, `${time}`));
  }
  content.tracks.forEach((track, place) => {
    const y = TOP + place * ROW;
    line.append(svg("text", { x: 4, y: y + 15 }, track.label.slice(0, 18)));
    for (const [start, end] of track.intervals) {
      const label = `${track.label}: ${seconds(start)} to ${seconds(end)}`;
      line.append(pressable(bar(start, end, y + 4, ROW - 9, colour(place), "track"), label, () => showFrame(nearest(start))));
    }
  });
  content.events.forEach((event, place) => {
    const y = TOP + (content.tracks.length + names.indexOf(event.name)) * ROW;
    const one = bar(event.start, event.end, y + 4, ROW - 9, colour(event.who), "event");
    one.dataset.event = place;
    line.append(pressable(one, `${words(event)}: ${when(event)}`, () => choose(place)));
  });
  names.forEach((name, place) => {
    line.append(svg("text", { x: 4, y: TOP + (content.tracks.length + place) * ROW + 15, "font-style": "italic" }, name.slice(0, 18)));
  });
  line.append(svg("line", { x1: LEFT, x2: LEFT, y1: TOP - 4, y2: height - 16, class: "now" }));
}

function drawLists() {
  content.events.forEach((event, place) => {
    const swatch = html("span", { className: "swatch" });
    swatch.style.background = colour(event.who);
    const button = html("button", { onclick: () => choose(place) }, swatch, words(event), " ", html("span", { className: "when" }, when(event)));
    button.dataset.event = place;
    at("events").append(html("li", {}, button));
  });
  for (const answer of content.answers) {
    const box = html("div", { className: "answer" }, answer.question, html("b", {}, answer.answer));
    for (const place of answer.events) {
      box.append(html("button", { onclick: () => choose(place) }, `${words(content.events[place])} (${when(content.events[place])})`));
    }
    if (answer.frame !== null) box.append(html("button", { onclick: () => showFrame(nearest(answer.frame)) }, `the frame at ${seconds(answer.frame)}`));
    at("answers").append(box);
  }
}

at("about").textContent = `${seconds(content.duration)}, ${content.tracks.length} things, ${content.events.length} events`;
at("previous").addEventListener("click", () => showFrame(shown - 1));
at("next").addEventListener("click", () => showFrame(shown + 1));
drawLine();
drawLists();
showFrame(0);
