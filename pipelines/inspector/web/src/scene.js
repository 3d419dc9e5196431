// A scene graph as the page holds it, and its corrections. A scene never changes: a correction
// returns a new one, so that undo is the scene before.
//
// Scene: { photo, text, nodes: Map(id -> node), edges: Map(key -> edge), unset: [fact, ...],
//          decisions: Map(id -> "accepted" | "rejected"), answer }
// Nodes and edges have the fields of docs/graph-format.md. The answer is what was answered from the
// scene, { question, text, highlight, effects }; a correction leaves it until there is a new one.

import { NOTHING } from "./highlight.js";

export const INSPECTOR = "inspector"; // the origin of what a person adds in the page
export const EDIT = "edit"; // the origin of a fact that a person sets, as in kg/knowledge/edits.py
const UNASKED = { question: "", text: "", highlight: NOTHING, effects: [] };
const NEW_CONCEPT = "https://sightgraph.org/edit/";
const FOLLOWS_FROM_NAME = "knowledge"; // the origin of attributes that follow from a name alone

/** Return the scene of a graph in the format "sightgraph/1"; throw an error if it is none. */
export function sceneOf(graph, answer = UNASKED) {
  const ids = new Set(graph.nodes.map((node) => node.id));
  const stray = graph.edges.find((edge) => !ids.has(edge.source) || !ids.has(edge.target));
  if (stray) throw new Error(`an edge leads to no node: ${stray.source}, ${stray.target}`);
  const unsure = [...graph.nodes, ...graph.edges].find(({ score }) => !Number.isFinite(score));
  if (unsure) throw new Error(`no score: ${unsure.label ?? unsure.relation}`);
  return {
    photo: graph.photo ?? null,
    text: graph.text ?? null,
    nodes: new Map(graph.nodes.map((node) => [node.id, node])),
    edges: new Map(graph.edges.map((edge, number) => [`e${number}`, edge])),
    unset: [...(graph.unset ?? [])],
    decisions: new Map(),
    answer,
  };
}

/** Return the graph of a scene in the format "sightgraph/1", without what was rejected. */
export function graphOf(scene) {
  const kept = withoutRejected(scene);
  return {
    format: "sightgraph/1",
    photo: kept.photo,
    text: kept.text,
    nodes: [...kept.nodes.values()],
    edges: [...kept.edges.values()],
    ...(kept.unset.length ? { unset: kept.unset } : {}),
  };
}

/** Return the scene without the nodes that were rejected, as if they were removed. */
export function withoutRejected(scene) {
  const rejected = [...scene.decisions].filter(([, decision]) => decision === "rejected");
  return rejected.reduce((rest, [id]) => remove(rest, id), scene);
}

/** Return the edges at a node, as [key, edge]. */
export function edgesOf(scene, id) {
  return [...scene.edges].filter(([, edge]) => edge.source === id || edge.target === id);
}

/** Return the nodes of one kind, in order. */
export function ofKind(scene, kind) {
  return [...scene.nodes.values()].filter((node) => node.kind === kind);
}

/** Return a copy in which one node has other fields. */
function withNode(scene, id, fields) {
  const nodes = new Map(scene.nodes);
  nodes.set(id, { ...nodes.get(id), ...fields });
  return { ...scene, nodes };
}

function withEdge(scene, edge) {
  const same = [...scene.edges.values()].some(
    (one) => one.source === edge.source && one.target === edge.target
      && one.relation === edge.relation && one.kind === edge.kind,
  );
  if (same) return scene;
  const numbers = [...scene.edges.keys()].map((key) => Number(key.slice(1)));
  const key = `e${1 + Math.max(-1, ...numbers)}`;
  return { ...scene, edges: new Map(scene.edges).set(key, edge) };
}

/** Return a copy without some edges, and without the knowledge that nothing leads to any more. */
function withoutEdges(scene, gone) {
  const edges = new Map([...scene.edges].filter(([key, edge]) => !gone(edge, key)));
  return { ...scene, edges, nodes: reachable(scene.nodes, edges) };
}

/** Return the nodes without the concepts, values and attributes that lost their last edge. */
function reachable(nodes, edges) {
  const loose = new Set(["concept", "literal", "attribute"]);
  const touched = new Set([...edges.values()].flatMap((edge) => [edge.source, edge.target]));
  return new Map([...nodes].filter(([id, node]) => touched.has(id) || !loose.has(node.kind)));
}

/** Return the scene with another name for a node; an object loses what followed from the old. */
export function rename(scene, id, label) {
  const renamed = withNode(scene, id, { label });
  if (scene.nodes.get(id).kind !== "object") return renamed;
  return withoutFactsOfNobody(withoutEdges(renamed, (edge) => edge.source === id
    && (edge.kind === "link" || edge.origin === FOLLOWS_FROM_NAME)));
}

/** Return the scene without the facts of concepts that no object and no word leads to. */
function withoutFactsOfNobody(scene) {
  const queue = [...scene.nodes.values()].filter(({ kind }) => kind !== "concept").map(({ id }) => id);
  const found = new Set(queue);
  const neighbours = new Map();
  for (const { source, target } of scene.edges.values()) {
    if (!neighbours.has(source)) neighbours.set(source, []);
    neighbours.get(source).push(target);
  }
  while (queue.length) {
    for (const next of neighbours.get(queue.pop()) ?? []) {
      if (!found.has(next)) queue.push(next) && found.add(next);
    }
  }
  return withoutEdges(scene, (edge) => edge.kind === "fact" && edge.origin !== EDIT
    && !found.has(edge.source) && !found.has(edge.target));
}

/** Return the scene without a node and its edges. */
export function remove(scene, id) {
  const nodes = new Map(scene.nodes);
  nodes.delete(id);
  const decisions = new Map(scene.decisions);
  decisions.delete(id);
  const rest = withoutEdges(
    { ...scene, nodes, decisions }, (edge) => edge.source === id || edge.target === id,
  );
  return withoutFactsOfNobody(rest);
}

/** Return the scene without an edge; a fact that is known is unset, so that it stays away. */
export function removeEdge(scene, key) {
  const edge = scene.edges.get(key);
  const rest = withoutEdges(scene, (_, one) => one === key);
  if (edge.kind !== "fact" || edge.origin === EDIT) return rest;
  return { ...rest, unset: [...new Set([...rest.unset, factText(scene, edge)])] };
}

/** Return a fact as `sightgraph ask --set` and `--unset` read it. */
export function factText(scene, edge) {
  const name = (id) => scene.nodes.get(id).label;
  return `${name(edge.source)} | ${edge.relation} | ${name(edge.target)}`;
}

/** Return the scene with several objects as one, the first: its box encloses all of theirs. */
export function merge(scene, ids) {
  const [first, ...others] = ids;
  const members = ids.map((id) => scene.nodes.get(id));
  const boxes = members.map((node) => node.box).filter(Boolean);
  const fields = { score: Math.max(...members.map((node) => node.score)) };
  if (boxes.length) {
    fields.box = [0, 1, 2, 3].map((side) => {
      const values = boxes.map((box) => box[side]);
      return side < 2 ? Math.min(...values) : Math.max(...values);
    });
  }
  let merged = withNode(scene, first, fields);
  const gone = new Set(others);
  const moved = [...scene.edges.values()].filter(({ source, target }) => gone.has(source) || gone.has(target));
  for (const edge of moved) {
    const source = gone.has(edge.source) ? first : edge.source;
    const target = gone.has(edge.target) ? first : edge.target;
    if (source !== target && edge.kind !== "spatial") merged = withEdge(merged, { ...edge, source, target });
  }
  return others.reduce(remove, merged);
}

/** Return the scene with a new object; `box` is in pixels of the photograph. */
export function addObject(scene, label, box) {
  const numbers = ofKind(scene, "object").map(({ id }) => Number(id.split(":")[1])).filter(Number.isFinite);
  const id = `object:${1 + Math.max(-1, ...numbers)}`;
  const node = { id, kind: "object", label, origin: INSPECTOR, score: 1, box };
  return { ...scene, nodes: new Map(scene.nodes).set(id, node) };
}

/** Return the scene with another box of an object. */
export function moveBox(scene, id, box) {
  const moved = withNode(scene, id, { box, origin: INSPECTOR });
  return withoutEdges(moved, (edge) => edge.kind === "spatial" && (edge.source === id || edge.target === id));
}

/** Return the scene with something seen: a relation to another node, or to a word. */
export function addSeen(scene, source, relation, target) {
  const edge = { source, kind: "semantic", relation, origin: INSPECTOR, score: 1 };
  if (scene.nodes.has(target)) return withEdge(scene, { ...edge, target });
  const id = `seen:${target}`;
  const word = { id, kind: "attribute", label: target, origin: INSPECTOR, score: 1 };
  const nodes = scene.nodes.has(id) ? scene.nodes : new Map(scene.nodes).set(id, word);
  return withEdge({ ...scene, nodes }, { ...edge, target: id });
}

/** Return the scene with a fact that is set about a node's concept, or about its name. */
export function addFact(scene, subject, relation, object) {
  const known = conceptOf(scene, subject);
  const nodes = new Map(scene.nodes);
  const ends = [known ?? newConcept(scene.nodes.get(subject).label), conceptNamed(scene, object) ?? newConcept(object)];
  for (const node of ends) if (!nodes.has(node.id)) nodes.set(node.id, node);
  const [source, target] = ends.map((node) => node.id);
  let added = { ...scene, nodes };
  if (!known) added = withEdge(added, { source: subject, target: source, kind: "link", relation: "means", origin: EDIT, score: 1 });
  const alike = [...scene.edges.values()].find((edge) => edge.kind === "fact" && edge.relation === relation);
  const fact = { source, target, kind: "fact", relation, origin: EDIT, score: 1 };
  added = withEdge(added, alike?.predicate ? { ...fact, predicate: alike.predicate } : fact);
  const text = factText(added, fact);
  return { ...added, unset: added.unset.filter((one) => one !== text) };
}

/** Return the concept that a node is or is linked to, if there is one. */
function conceptOf(scene, id) {
  if (scene.nodes.get(id).kind === "concept") return scene.nodes.get(id);
  const links = edgesOf(scene, id).filter(([, edge]) => edge.source === id && edge.kind === "link");
  const best = links.sort(([, a], [, b]) => b.score - a.score)[0];
  return best && scene.nodes.get(best[1].target);
}

function conceptNamed(scene, label) {
  const wanted = label.toLowerCase();
  return [...scene.nodes.values()].find(
    ({ kind, label: name }) => (kind === "concept" || kind === "literal") && name.toLowerCase() === wanted,
  );
}

function newConcept(label) {
  const id = NEW_CONCEPT + encodeURIComponent(label.toLowerCase());
  return { id, kind: "concept", label, origin: EDIT, score: 1 };
}

/** Return the scene with a detection accepted (it is certain then), rejected, or undecided. */
export function decide(scene, id, decision) {
  const decisions = new Map(scene.decisions);
  if (decision) decisions.set(id, decision);
  else decisions.delete(id);
  const decided = { ...scene, decisions };
  return decision === "accepted" ? withNode(decided, id, { score: 1 }) : decided;
}

/** Return the scene with further nodes and edges of the knowledge, each once. */
export function withKnowledge(scene, { nodes, edges }) {
  const all = new Map(scene.nodes);
  for (const node of nodes) if (!all.has(node.id)) all.set(node.id, node);
  const unset = new Set(scene.unset);
  return edges
    .filter((edge) => all.has(edge.source) && all.has(edge.target))
    .filter((edge) => !unset.has(factText({ nodes: all }, edge)))
    .reduce(withEdge, { ...scene, nodes: all });
}
