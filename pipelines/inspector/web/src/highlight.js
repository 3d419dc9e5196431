// What made the answer, with its weights, and what the deletion of each piece of it does.

export const NOTHING = { nodes: new Set(), edges: new Set(), nodeWeights: new Map(), edgeWeights: new Map() };

/** Return the highlight that the exporter stored: edges by their number. */
export function storedHighlight(stored) {
  const byKey = Object.entries(stored.edge_weights).map(([number, weight]) => [`e${number}`, weight]);
  return {
    nodes: new Set(stored.nodes),
    edges: new Set(stored.edges.map((number) => `e${number}`)),
    nodeWeights: new Map(Object.entries(stored.node_weights)),
    edgeWeights: new Map(byKey),
  };
}

/** Return the highlight of an answer's JSON (docs/answer-format.md) in its scene. */
export function answerHighlight(scene, { evidence }) {
  const found = { nodes: new Set(), edges: new Set(), nodeWeights: new Map(), edgeWeights: new Map() };
  const addNode = (id, weight) => {
    found.nodes.add(id);
    if (weight !== undefined) found.nodeWeights.set(id, weight);
  };
  for (const one of evidence.path) addEdge(one.source, one.relation, one.target, one.weight, (node) => node.id);
  for (const one of evidence.facts) addEdge(one.subject, one.relation, one.object, one.weight, (node) => node.label);
  for (const one of evidence.objects) addNode(one.id, one.weight);
  for (const node of scene.nodes.values()) {
    const match = (list, same) => list.filter(same).forEach((one) => addNode(node.id, one.weight));
    if (node.kind === "entity") match(evidence.entities, (one) => node.span?.[0] === one.start && node.span[1] === one.end);
    if (node.kind === "scene") match(evidence.scenes, (one) => one.label === node.label);
    if (node.kind === "signal") match(evidence.signals ?? [], (one) => one.id === node.id);
    if (node.kind === "text") match(evidence.texts, (one) => one.text === node.label);
  }
  return found;

  function addEdge(source, relation, target, weight, name) {
    for (const [key, edge] of scene.edges) {
      const ends = [edge.source, edge.target].map((id) => name(scene.nodes.get(id)));
      if (edge.relation !== relation || ends[0] !== source || ends[1] !== target) continue;
      found.edges.add(key);
      found.edgeWeights.set(key, weight);
      found.nodes.add(edge.source).add(edge.target);
      return;
    }
  }
}

/** Return { nodes, edges } that a piece of evidence, an effect of `sightgraph explain`, is. */
export function partsOf(scene, highlight, effect) {
  const nodes = new Set();
  const edges = new Set();
  const touching = (id) => [...scene.edges].filter(([, one]) => one.source === id || one.target === id);
  if (effect.kind === "fact" || effect.kind === "facts" || effect.kind === "seen") {
    for (const key of highlight.edges) {
      const edge = scene.edges.get(key);
      if (!edge) continue;
      const statement = [edge.source, edge.target].map((id) => scene.nodes.get(id).label).join(` ${edge.relation} `);
      if (effect.kind === "facts" ? edge.kind === "fact" : statement === effect.piece) edges.add(key);
    }
  } else {
    const kind = { box: "object", scene: "scene", signal: "signal", word: "entity" }[effect.kind];
    for (const node of scene.nodes.values()) {
      const name = kind === "entity" && scene.text && node.span ? scene.text.slice(...node.span) : node.label;
      if (node.kind !== kind || name !== effect.piece || !highlight.nodes.has(node.id)) continue;
      if (kind !== "entity") nodes.add(node.id);
      for (const [key] of touching(node.id)) edges.add(key);
    }
  }
  return { nodes, edges };
}

/** Return the highlighted edges from the question's words to the answer, each after one it touches. */
export function inOrder(scene, highlight) {
  const rest = [...highlight.edges].filter((key) => scene.edges.has(key));
  const ends = (key) => [scene.edges.get(key).source, scene.edges.get(key).target];
  const isWord = (id) => scene.nodes.get(id).kind === "entity";
  const found = [];
  let here = [];
  while (rest.length) {
    const next = rest.find((key) => ends(key).some((id) => here.includes(id))) ?? rest.find((key) => ends(key).some(isWord)) ?? rest[0];
    rest.splice(rest.indexOf(next), 1);
    here = ends(next).filter((id) => !here.includes(id) && !(found.length === 0 && isWord(id)));
    found.push(next);
  }
  return found;
}
