// Which nodes and edges are shown: filters by kind, relation, origin and score, and folding.
//
// Facts are folded: a fact, and a concept that only facts lead to, is shown when it is part of the
// answer, or when one of its ends was expanded. Spatial relations fold too where there are many,
// and so does "b right of a" beside "a left of b". A fact that a person added is always shown.

import { EDIT } from "./scene.js";

const MANY_SPATIAL = 40; // more of them hide everything else
const KNOWN = new Set(["concept", "literal"]);

/** What a person has switched off, and from which score on things are shown. */
export function noFilters() {
  return { kind: new Set(), relation: new Set(), origin: new Set(), score: 0 };
}

/** Return { group: [[name, count], ...] } for the groups "kind", "relation" and "origin". */
export function counts(scene) {
  const nodes = [...scene.nodes.values()];
  const edges = [...scene.edges.values()];
  return {
    kind: counted(nodes.map((node) => node.kind)),
    relation: counted(edges.map((edge) => edge.relation)),
    origin: counted([...nodes, ...edges].map((part) => part.origin)),
  };
}

function counted(names) {
  const found = new Map();
  for (const name of names) found.set(name, (found.get(name) ?? 0) + 1);
  return [...found].sort(([a, m], [b, n]) => n - m || a.localeCompare(b));
}

/**
 * Return { nodes, edges, hidden } to show: sets of ids and of keys, and by node id the number of
 * neighbours that an expansion would show.
 *
 * highlight: { nodes, edges }, which are never folded. expanded: ids of nodes, or `everything`.
 */
export function visible(scene, filters, highlight, expanded, everything = false) {
  const spatial = [...scene.edges.values()].filter((edge) => edge.kind === "spatial").length;
  const order = new Map([...scene.nodes.keys()].map((id, place) => [id, place]));
  const mirrors = (edge) => edge.kind === "spatial" && order.get(edge.source) > order.get(edge.target);
  const folds = (edge) => (edge.kind === "fact" && edge.origin !== EDIT) || (edge.kind === "spatial" && spatial > MANY_SPATIAL);
  const passes = (part, group) => !filters.origin.has(part.origin) && part.score >= filters.score
    && !filters[group].has(group === "kind" ? part.kind : part.relation);
  const opened = (edge) => expanded.has(edge.source) || expanded.has(edge.target);
  const allowed = new Set();
  for (const [id, node] of scene.nodes) if (passes(node, "kind")) allowed.add(id);

  const edges = new Set();
  const reached = new Set();
  const hidden = new Map();
  for (const [key, edge] of scene.edges) {
    if (!passes(edge, "relation") || !allowed.has(edge.source) || !allowed.has(edge.target)) continue;
    if (everything || highlight.edges.has(key) || (!mirrors(edge) && (opened(edge) || !folds(edge)))) {
      edges.add(key);
      if (everything || edge.kind !== "link" || opened(edge) || highlight.edges.has(key)) {
        reached.add(edge.source).add(edge.target);
      }
    }
  }
  const nodes = new Set();
  for (const id of allowed) {
    const shown = everything || !KNOWN.has(scene.nodes.get(id).kind);
    if (shown || highlight.nodes.has(id) || reached.has(id)) nodes.add(id);
  }
  for (const [key, edge] of scene.edges) {
    if (edges.has(key) && nodes.has(edge.source) && nodes.has(edge.target)) continue;
    edges.delete(key);
    for (const [id, other] of [[edge.source, edge.target], [edge.target, edge.source]]) {
      if (!nodes.has(id) || !allowed.has(other) || (edge.kind === "spatial" && nodes.has(other))) continue;
      hidden.set(id, (hidden.get(id) ?? 0) + 1);
    }
  }
  return { nodes, edges, hidden };
}
