// How the graph looks.

const FAMILY = "system-ui, sans-serif";
const FONT = { font: `13px ${FAMILY}`, size: 13 };
const LONGEST = 34; // characters of a label; the panel has the whole

const THIN = 0.8;
const THICKER_BY_SCORE = 1;
const WIDEST = 6; // pixels of an edge whose weight is 1

const canvas = document.createElement("canvas").getContext("2d");

/** Return a label cut to a length that can be read in a graph. */
export const shortened = (text) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

/** Return the width in pixels of a node around its label. */
export function widthOf(label) {
  canvas.font = FONT.font;
  return Math.ceil(canvas.measureText(label).width) + 18;
}

/** Return the width of an edge: by its weight in the answer, or else by its score. */
export const edgeWidth = (score, weight) =>
  (weight === undefined ? THIN + THICKER_BY_SCORE * score : 1.5 + (WIDEST - 1.5) * weight);

/** Return Cytoscape's style sheet; `dark` for a dark page. */
export function styleSheet(accent, dark) {
  const ink = dark ? "#e9ecef" : "#1d3557";
  const paper = dark ? "#14171c" : "#ffffff";
  const line = dark ? "#6c757d" : "#9aa4ad";
  return [
    { selector: "node", style: {
      shape: "round-rectangle", width: "data(width)", height: 26, "background-color": "data(colour)",
      label: "data(label)", color: "#1d3557", "font-family": FAMILY, "font-size": FONT.size,
      "text-valign": "center", "text-halign": "center", "border-width": 1, "border-color": paper,
      "min-zoomed-font-size": 6,
    } },
    { selector: "edge", style: {
      "curve-style": "bezier", "control-point-step-size": 28, width: "data(width)", "line-color": line,
      "target-arrow-shape": "triangle", "target-arrow-color": line, "arrow-scale": 1.1,
      label: "data(label)", color: ink, "font-family": FAMILY, "font-size": 11, "min-zoomed-font-size": 7,
      "text-background-color": paper, "text-background-opacity": 0.85, "text-background-padding": 2,
      "text-background-shape": "round-rectangle", "text-rotation": "autorotate",
    } },
    { selector: "edge.spatial", style: { "line-style": "dashed" } },
    { selector: "node.answer", style: { "border-width": 3, "border-color": accent } },
    { selector: "edge.answer", style: {
      "line-color": accent, "target-arrow-color": accent, color: accent, "font-weight": "bold", "z-index": 5,
    } },
    { selector: "node.pinned", style: { "border-style": "double", "border-width": 5, "border-color": ink } },
    { selector: "node.accepted", style: { "border-width": 3, "border-color": "#2b9348" } },
    { selector: ".rejected, .deleted", style: { opacity: 0.3, "border-style": "dashed", "border-color": ink } },
    { selector: "edge.deleted", style: { "line-style": "dotted" } },
    { selector: ".found", style: { "underlay-color": "#ffbe0b", "underlay-opacity": 0.6, "underlay-padding": 6 } },
    { selector: ":selected", style: { "border-width": 3, "border-color": "#3a86ff", "line-color": "#3a86ff", "target-arrow-color": "#3a86ff" } },
    { selector: ".lit", style: { "border-width": 4, "border-color": "#ff9f1c", "line-color": "#ff9f1c", "target-arrow-color": "#ff9f1c" } },
  ];
}
