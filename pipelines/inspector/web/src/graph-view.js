// The graph, drawn by Cytoscape.js: it shows what it is given and reports what is pointed at.

import cytoscape from "cytoscape";
import dagre from "cytoscape-dagre";
import fcose from "cytoscape-fcose";
import { edgeWidth, shortened, styleSheet, widthOf } from "./graph-style.js";

cytoscape.use(fcose);
cytoscape.use(dagre);

const MANY = 600; // elements from which on the picture is simplified while it moves
const MANY_NODES = 150;
const COLUMNS = { turn: 0, entity: 0, attribute: 0, event: 0, object: 1, scene: 1, text: 1, signal: 1, concept: 2, literal: 3 };
const COLUMN_WIDTH = 260;
const ROW_HEIGHT = 60;
const LOOSE_WIDTH = 150;
const PADDING = 30;

/** Return the element id of a node: never one that an object has from birth, as "__proto__" is. */
const nodeElementId = (id) => `n:${id}`;
const idOf = (element) => element.data("key");

export class GraphView {
  /** `on` holds listeners: hover(id or null), select(ids), edge(key), expand(id). */
  constructor(container, { colours, accent, on }) {
    this.colours = colours;
    this.on = on;
    this.pinned = new Set();
    const dark = matchMedia("(prefers-color-scheme: dark)");
    this.cy = cytoscape({
      container, style: styleSheet(accent, dark.matches), minZoom: 0.05, maxZoom: 4,
      boxSelectionEnabled: true, selectionType: "single",
    });
    dark.addEventListener("change", () => this.cy.style(styleSheet(accent, dark.matches)));
    this.listen();
  }

  listen() {
    const { cy, on } = this;
    cy.on("mouseover", "node", ({ target }) => on.hover(idOf(target)));
    cy.on("mouseout", "node", () => on.hover(null));
    cy.on("mouseover tap", "edge", ({ target }) => on.edge(target.id()));
    cy.on("tap", "node", ({ target }) => on.expand(idOf(target)));
    cy.on("dragfree", "node", ({ target }) => this.pin(idOf(target), true));
    cy.on("select unselect", "node", () => {
      if (this.silent) return;
      on.select(cy.nodes(":selected").map(idOf));
    });
  }

  /** Show these parts of a scene; what is shown already stays where it is. */
  show(scene, { nodes, edges, hidden }, highlight, numbers) {
    const { cy } = this;
    const first = cy.nodes().empty();
    const added = [...nodes].filter((id) => this.node(id).empty());
    cy.batch(() => {
      cy.edges().filter((edge) => !edges.has(idOf(edge))).remove();
      cy.nodes().filter((node) => !nodes.has(idOf(node))).remove();
      for (const id of nodes) this.put(this.nodeElement(scene, id, hidden.get(id), highlight, numbers));
      for (const key of edges) this.put(this.edgeElement(scene, key, highlight));
    });
    this.simplify();
    if (first) this.arrange();
    else if (added.length) this.arrangeNew(added);
  }

  node(id) {
    return this.cy.getElementById(nodeElementId(id));
  }

  put({ group, data, classes }) {
    const old = this.cy.getElementById(data.id);
    const moved = group === "edges" && old.nonempty()
      && (old.data("source") !== data.source || old.data("target") !== data.target);
    if (moved) old.remove();
    if (old.empty() || moved) this.cy.add({ group, data, classes });
    else {
      old.data(data);
      const kept = ["found", "lit", "deleted", "pinned"].filter((name) => old.hasClass(name));
      old.classes([classes, ...kept].join(" "));
    }
  }

  nodeElement(scene, id, hidden, highlight, numbers) {
    const node = scene.nodes.get(id);
    const number = numbers.has(id) ? `${numbers.get(id)}  ` : "";
    const label = number + shortened(node.label) + (hidden ? `  +${hidden}` : "");
    const classes = [node.kind, highlight.nodes.has(id) && "answer", scene.decisions.get(id)];
    return {
      group: "nodes", classes: classes.filter(Boolean).join(" "),
      data: { id: nodeElementId(id), key: id, label, kind: node.kind, width: widthOf(label), colour: this.colours[node.kind] },
    };
  }

  edgeElement(scene, key, highlight) {
    const edge = scene.edges.get(key);
    const weight = highlight.edgeWeights.get(key);
    return {
      group: "edges", classes: [edge.kind, highlight.edges.has(key) && "answer"].filter(Boolean).join(" "),
      data: {
        id: key, key, source: nodeElementId(edge.source), target: nodeElementId(edge.target), label: shortened(edge.relation),
        width: edgeWidth(edge.score, weight),
      },
    };
  }

  /** Draw less while a large graph moves, so that it stays fluid. */
  simplify() {
    const large = this.cy.elements().length > MANY;
    const renderer = this.cy.renderer();
    renderer.hideEdgesOnViewport = large;
    renderer.textureOnViewport = large;
    this.cy.edges().style("curve-style", large ? "straight" : "bezier");
  }

  /** Place all nodes anew, but those that are pinned. */
  arrange(name = this.layoutName ?? "fcose") {
    this.layoutName = name;
    const options = { name, animate: false, fit: false, nodeDimensionsIncludeLabels: true };
    if (name === "dagre") Object.assign(options, { rankDir: "LR", nodeSep: 14, rankSep: 110 });
    else Object.assign(options, this.fcoseOptions(this.pinnedPlaces()));
    this.placeInColumns();
    this.cy.nodes().filter((node) => this.pinned.has(idOf(node))).lock();
    const loose = this.cy.nodes().filter((node) => node.degree() === 0 && !node.locked());
    this.cy.elements().not(loose).layout(options).run();
    this.placeBelow(loose);
    this.cy.nodes().unlock();
    this.fit();
  }

  /** Place nodes without an edge in rows under the others. */
  placeBelow(loose) {
    const { x1, w, y2 } = this.cy.elements().not(loose).boundingBox();
    const perRow = Math.max(4, Math.floor(w / LOOSE_WIDTH));
    loose.forEach((node, at) => {
      node.position({ x: x1 + (0.5 + (at % perRow)) * LOOSE_WIDTH, y: y2 + ROW_HEIGHT * (1 + Math.floor(at / perRow)) });
    });
  }

  fcoseOptions(fixed) {
    const nodes = this.cy.nodes().length;
    const large = nodes > MANY_NODES;
    const idealEdgeLength = 90 + 30 * Math.sqrt(this.cy.edges().length / Math.max(nodes, 1));
    return {
      randomize: false, quality: "default", idealEdgeLength, nodeRepulsion: 9000,
      nodeSeparation: 90, gravity: 0.3, numIter: large ? 100 : 2500, packComponents: true,
      fixedNodeConstraint: fixed.length ? fixed : undefined,
    };
  }

  pinnedPlaces() {
    return this.cy.nodes().filter((node) => this.pinned.has(idOf(node)))
      .map((node) => ({ nodeId: node.id(), position: { ...node.position() } }));
  }

  /** Start from words at the left, then objects, then what is known: the same layout each time. */
  placeInColumns() {
    const rows = new Map();
    this.cy.nodes().forEach((node) => {
      if (this.pinned.has(idOf(node))) return;
      const column = COLUMNS[node.data("kind")] ?? 2;
      const row = rows.get(column) ?? 0;
      rows.set(column, row + 1);
      node.position({ x: column * COLUMN_WIDTH + (row % 2) * 20, y: row * ROW_HEIGHT });
    });
  }

  /** Place new nodes in a fan around the shown neighbour that they were expanded from. */
  arrangeNew(ids) {
    const fans = new Map();
    const isNew = new Set(ids);
    for (const id of ids) {
      const node = this.node(id);
      const anchor = node.neighborhood("node").filter((one) => !isNew.has(idOf(one)))[0];
      const key = anchor?.id() ?? "";
      if (!fans.has(key)) fans.set(key, { anchor, members: [] });
      fans.get(key).members.push(node);
    }
    for (const { anchor, members } of fans.values()) this.fan(anchor, members);
  }

  fan(anchor, members) {
    const extent = this.cy.extent();
    const middle = anchor?.position() ?? { x: (extent.x1 + extent.x2) / 2, y: (extent.y1 + extent.y2) / 2 };
    const perRing = 12;
    members.forEach((node, at) => {
      const ring = 1 + Math.floor(at / perRing);
      const inRing = Math.min(perRing, members.length - (ring - 1) * perRing);
      const angle = (2 * Math.PI * (at % perRing)) / inRing + ring * 0.35;
      node.position({ x: middle.x + ring * 170 * Math.cos(angle), y: middle.y + ring * 105 * Math.sin(angle) });
    });
  }

  select(ids) {
    this.silent = true;
    this.cy.elements().unselect();
    for (const id of ids) this.node(id).select();
    this.silent = false;
  }

  light(id) {
    this.cy.elements(".lit").removeClass("lit");
    if (id) this.node(id).addClass("lit");
  }

  /** Mark these nodes and edges with a class, and no others. */
  mark(name, ids, keys = []) {
    this.cy.batch(() => {
      this.cy.elements(`.${name}`).removeClass(name);
      for (const id of ids) this.node(id).addClass(name);
      for (const key of keys) this.cy.getElementById(key).addClass(name);
    });
  }

  /** Move a node into sight. */
  centre(id) {
    const node = this.node(id);
    if (node.nonempty()) this.cy.center(node);
  }

  /** Pin a node where it is, or let it go; a layout leaves it there. */
  pin(id, on = !this.pinned.has(id)) {
    if (on) this.pinned.add(id);
    else this.pinned.delete(id);
    this.node(id).toggleClass("pinned", on);
  }

  fit() {
    this.cy.fit(undefined, PADDING);
  }

  zoom(factor) {
    const { cy } = this;
    cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
  }
}
