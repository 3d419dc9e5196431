// What a person takes away: the graph, the edits of the knowledge, the detections as COCO's.

import { EDIT, factText, graphOf, ofKind, withoutRejected } from "./scene.js";

/** Return the edits of the knowledge, as `sightgraph ask --edits` reads them. */
export function editsOf(scene) {
  const facts = [...withoutRejected(scene).edges.values()].filter((edge) => edge.kind === "fact");
  const set = facts.filter((edge) => edge.origin === EDIT).map((edge) => factText(scene, edge));
  return { set: [...new Set(set)], unset: scene.unset };
}

/** Return the located objects as COCO annotations; those that were rejected are left out. */
export function cocoOf(scene) {
  const objects = ofKind(withoutRejected(scene), "object").filter((node) => node.box);
  const names = [...new Set(objects.map((node) => node.label))].sort();
  const { source, width, height } = scene.photo ?? { source: "", width: 0, height: 0 };
  return {
    images: [{ id: 1, file_name: source.split(/[/\\]/).pop(), width, height }],
    categories: names.map((name, place) => ({ id: place + 1, name })),
    annotations: objects.map(({ label, box: [x1, y1, x2, y2] }, place) => ({
      id: place + 1, image_id: 1, category_id: names.indexOf(label) + 1,
      bbox: [x1, y1, x2 - x1, y2 - y1], area: (x2 - x1) * (y2 - y1), iscrowd: 0,
    })),
  };
}

export const SAVED = {
  graph: { title: "Graph (JSON)", file: "graph.json", content: graphOf },
  edits: { title: "Edits of the knowledge", file: "edits.json", content: editsOf },
  coco: { title: "Detections (COCO)", file: "annotations.json", content: cocoOf },
};

/** Let the browser save a value as a JSON file. */
export function download(name, value) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(value, null, 1) + "\n"], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
