// The photograph with its numbered boxes: hover, selection, zoom at the pointer, and drawing a box.

import { html, svg } from "./dom.js";

const SMALLEST_BOX = 4; // pixels; a smaller one is a click
const ZOOM_STEP = 1.2;
const CROWDED = 40; // boxes from which on only their numbers are written

export class PhotoView {
  /** `on` holds listeners: hover(id or null), select(id, adding), drawn(box). */
  constructor(container, { colours, on }) {
    this.container = container;
    this.colours = colours;
    this.on = on;
    this.boxes = new Map();
    this.drawing = false;
  }

  /** Show a photograph ({ width, height }) with an image URL or null. */
  open(photo, image) {
    this.photo = photo;
    this.container.replaceChildren();
    this.boxes.clear();
    if (!photo) {
      this.container.append(html("p", { className: "hint", textContent: "The graph has no photograph." }));
      this.svg = null;
      return;
    }
    this.view = [0, 0, photo.width, photo.height];
    this.svg = svg("svg", { preserveAspectRatio: "xMidYMin", role: "img", "aria-label": "photograph with boxes" });
    this.svg.append(svg("rect", { width: photo.width, height: photo.height, class: "ground" }));
    if (image) this.svg.append(svg("image", { href: image, width: photo.width, height: photo.height }));
    this.layer = svg("g");
    this.svg.append(this.layer);
    this.container.append(this.svg);
    this.setView();
    this.listen();
  }

  /** Show the boxes of the located nodes, the large ones below. */
  show(scene, shown, highlight, numbers) {
    if (!this.svg) return;
    this.layer.replaceChildren();
    this.boxes.clear();
    const area = ({ box }) => (box[2] - box[0]) * (box[3] - box[1]);
    const located = [...scene.nodes.values()].filter((node) => node.box && shown.has(node.id));
    this.crowded = located.length > CROWDED;
    for (const node of located.sort((a, b) => area(b) - area(a))) this.add(scene, node, highlight, numbers.get(node.id));
  }

  add(scene, node, highlight, number) {
    const [x1, y1, x2, y2] = node.box;
    const weight = highlight.nodeWeights.get(node.id);
    const classes = ["object", highlight.nodes.has(node.id) && "answer", scene.decisions.get(node.id)];
    const group = svg("g", { class: classes.filter(Boolean).join(" "), "data-id": node.id, tabindex: 0, "aria-label": `${number ?? ""} ${node.label}` });
    const box = svg("rect", { x: x1, y: y1, width: x2 - x1, height: y2 - y1, class: "box" });
    box.style.stroke = this.colours[node.kind];
    if (weight !== undefined) box.style.strokeWidth = 1.5 + 4 * weight;
    const unit = Math.max(this.photo.width, this.photo.height) / 640;
    const tag = number && this.crowded ? String(number) : `${number ? `${number} ` : ""}${node.label}`;
    group.append(box, svg("text", { x: x1 + 3 * unit, y: y1 + 20 * unit, "font-size": 19 * unit, "stroke-width": 4 * unit }, tag));
    group.addEventListener("pointerenter", () => this.on.hover(node.id));
    group.addEventListener("pointerleave", () => this.on.hover(null));
    group.addEventListener("click", (event) => { if (!this.moved) this.on.select(node.id, event.shiftKey); });
    group.addEventListener("keydown", ({ key }) => { if (key === "Enter") this.on.select(node.id, false); });
    this.layer.append(group);
    this.boxes.set(node.id, group);
  }

  light(id) {
    this.layer?.querySelectorAll(".lit").forEach((one) => one.classList.remove("lit"));
    this.boxes.get(id)?.classList.add("lit");
  }

  mark(name, ids) {
    for (const [id, group] of this.boxes) group.classList.toggle(name, ids.has(id));
  }

  /** Let the next drag draw a box, or not any more. */
  draw(on) {
    this.drawing = on && Boolean(this.svg);
    this.container.classList.toggle("drawing", this.drawing);
  }

  fit() {
    if (!this.svg) return;
    this.view = [0, 0, this.photo.width, this.photo.height];
    this.setView();
  }

  setView() {
    this.svg.setAttribute("viewBox", this.view.join(" "));
  }

  /** Return where an event is, in pixels of the photograph. */
  place({ clientX, clientY }) {
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(this.svg.getScreenCTM().inverse());
    return [x, y];
  }

  listen() {
    this.svg.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoomAt(this.place(event), event.deltaY > 0 ? ZOOM_STEP : 1 / ZOOM_STEP);
    }, { passive: false });
    this.svg.addEventListener("pointerdown", (event) => this.start(event));
  }

  zoomAt([x, y], factor) {
    const [left, top, width, height] = this.view;
    this.view = [x - (x - left) * factor, y - (y - top) * factor, width * factor, height * factor];
    this.setView();
  }

  start(event) {
    const from = this.place(event);
    const drawn = this.drawing ? svg("rect", { class: "box drawn" }) : null;
    if (drawn) this.svg.append(drawn);
    this.moved = false;
    const move = (next) => {
      const to = this.place(next);
      this.moved ||= Math.hypot(next.clientX - event.clientX, next.clientY - event.clientY) > 3;
      if (drawn) resize(drawn, this.inside(from, to));
      else if (this.moved) this.pan(from, to);
    };
    const end = (last) => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", end);
      if (!drawn) return;
      drawn.remove();
      const box = this.inside(from, this.place(last));
      if (box[2] - box[0] >= SMALLEST_BOX && box[3] - box[1] >= SMALLEST_BOX) this.on.drawn(box);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
  }

  pan(from, to) {
    this.view[0] += from[0] - to[0];
    this.view[1] += from[1] - to[1];
    this.setView();
  }

  /** Return the box between two corners, inside the photograph, to a tenth of a pixel. */
  inside([x1, y1], [x2, y2]) {
    const { width, height } = this.photo;
    const cut = (value, most) => Math.round(10 * Math.min(Math.max(value, 0), most)) / 10;
    return [cut(Math.min(x1, x2), width), cut(Math.min(y1, y2), height), cut(Math.max(x1, x2), width), cut(Math.max(y1, y2), height)];
  }
}

function resize(rect, [x1, y1, x2, y2]) {
  for (const [name, value] of Object.entries({ x: x1, y: y1, width: x2 - x1, height: y2 - y1 })) rect.setAttribute(name, value);
}
