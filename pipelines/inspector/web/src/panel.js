// What is selected: its fields, its relations, and the ways to correct it.

import { button, byId, field, html } from "./dom.js";
import { sentence } from "./lists.js";
import { edgesOf } from "./scene.js";

const RENAMED = new Set(["object", "attribute", "scene", "text", "signal"]);
const MANY_EDGES = 60; // the panel lists no more
const SEEN_RELATIONS = ["has colour", "has size", "on", "in", "under", "holding", "wearing", "riding", "next to", "may be made of"];

/** Show the panel of the selected nodes; `on` holds the corrections of main.js. */
export function showSelection(scene, ids, on) {
  const nodes = ids.map((id) => scene.nodes.get(id)).filter(Boolean);
  const panel = byId("selection");
  if (nodes.length === 0) panel.replaceChildren(html("p", { className: "hint", textContent: "Select a node, a box or an edge." }));
  else if (nodes.length > 1) panel.replaceChildren(...several(nodes, on));
  else panel.replaceChildren(...one(scene, nodes[0], on));
}

/** Show the panel of an edge. */
export function showEdge(scene, key, weight, on) {
  const edge = scene.edges.get(key);
  if (!edge) return;
  byId("selection").replaceChildren(
    html("h3", { textContent: sentence(scene, edge) }), fields(edge, weight),
    button(edge.kind === "fact" ? "Remove this fact" : "Remove this relation", () => on.removeEdge(key)),
  );
}

function several(nodes, on) {
  const objects = nodes.filter(({ kind }) => kind === "object");
  return [
    html("h3", { textContent: `${nodes.length} selected` }),
    html("p", { textContent: nodes.map(({ label }) => label).join(", ") }),
    objects.length > 1 ? button("Merge", () => on.merge(objects.map(({ id }) => id)), { title: "m" }) : null,
    button("Delete", () => on.remove(nodes.map(({ id }) => id)), { title: "Del" }),
  ].filter(Boolean);
}

function one(scene, node, on) {
  return [
    html("h3", { textContent: node.label }), fields(node, undefined, scene.text),
    RENAMED.has(node.kind) ? renaming(node, on) : null,
    html("div", { className: "actions" },
      button("Expand", () => on.expand(node.id), { title: "e" }),
      button("Pin", () => on.pin(node.id), { title: "p" }),
      node.kind === "object" ? button("New box", () => on.redraw(node.id)) : null,
      button("Delete", () => on.remove([node.id]), { title: "Del" })),
    adding(scene, node, on), relations(scene, node, on),
  ].filter(Boolean);
}

function fields(part, weight, text) {
  const rows = {
    kind: part.kind, origin: part.origin, score: part.score.toFixed(2),
    box: part.box?.map((value) => Math.round(value)).join(", "),
    words: part.span && text ? `“${text.slice(...part.span)}”` : undefined,
    modality: part.recording?.modality, file: part.recording?.source,
    seconds: part.intervals?.map((one) => one.map((value) => value.toFixed(2)).join(" to ")).join(", "),
    via: part.via?.join(", "), weight: weight?.toFixed(2), predicate: part.predicate || undefined,
  };
  const shown = Object.entries(rows).filter(([, value]) => value !== undefined);
  return html("dl", {}, ...shown.flatMap(([name, value]) => [html("dt", { textContent: name }), html("dd", { textContent: value })]));
}

function form(submitted, ...children) {
  return html("form", { on: { submit: (event) => { event.preventDefault(); submitted(event); } } }, ...children);
}

function renaming(node, on) {
  const name = field("name", { id: "rename", value: node.label });
  return form(() => name.value.trim() && on.rename(node.id, name.value.trim()), name, html("button", { textContent: "Rename" }));
}

/** Two forms: something seen of this node, and something known of it. */
function adding(scene, node, on) {
  const others = [...scene.nodes.values()].filter(({ kind, id }) => kind === "object" && id !== node.id);
  const names = new Map(others.map(({ id, label }, place) => [`${label} (${id.split(":")[1] ?? place})`, id]));
  const facts = [...scene.edges.values()].filter(({ kind }) => kind === "fact").map(({ relation }) => relation);
  const seen = [list("seen-relations", SEEN_RELATIONS), list("seen-targets", [...names.keys()])];
  const known = [list("fact-relations", [...new Set(facts)].sort())];
  const [see, what] = [listed("seen-relation", "relation", "seen-relations"), listed("seen-target", "object or word", "seen-targets")];
  const [fact, object] = [listed("fact-relation", "relation", "fact-relations"), field("what", { id: "fact-object" })];
  const full = (...inputs) => inputs.every((input) => input.value.trim());
  return html("details", { open: true }, html("summary", { textContent: "Add" }),
    node.kind === "object" ? form(() => {
      const target = what.value.trim();
      if (full(see, what)) on.addSeen(node.id, see.value.trim(), names.get(target) ?? target);
    }, html("span", { textContent: "seen" }), see, what, html("button", { textContent: "Add relation" }), ...seen) : null,
    node.kind === "object" || node.kind === "concept" ? form(() => {
      if (full(fact, object)) on.addFact(node.id, fact.value.trim(), object.value.trim());
    }, html("span", { textContent: "known" }), fact, object, html("button", { textContent: "Add fact" }), ...known) : null);
}

const list = (id, values) => html("datalist", { id }, ...values.map((value) => html("option", { value })));

function listed(id, label, listId) {
  const input = field(label, { id });
  input.setAttribute("list", listId);
  return input;
}

function relations(scene, node, on) {
  const edges = edgesOf(scene, node.id);
  const rows = edges.slice(0, MANY_EDGES).map(([key, edge]) => html("li", {},
    button(sentence(scene, edge), () => on.edge(key), { className: "name" }),
    button("×", () => on.removeEdge(key), { className: "small", title: "remove", ariaLabel: `remove ${sentence(scene, edge)}` })));
  const more = edges.length > MANY_EDGES ? ` (${MANY_EDGES} of ${edges.length})` : ` (${edges.length})`;
  return html("details", { open: edges.length <= 12 }, html("summary", { textContent: `Relations${more}` }), html("ul", {}, ...rows));
}
