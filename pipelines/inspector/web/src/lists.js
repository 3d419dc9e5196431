// The lists beside the graph: objects, filters with counts, the answer's path, the deletion test.

import { button, byId, html } from "./dom.js";
import { inOrder } from "./highlight.js";

const percent = (number) => number.toFixed(2);

/** Return the relation of an edge as a sentence. */
export function sentence(scene, edge) {
  const name = (id) => scene.nodes.get(id)?.label ?? id;
  return `${name(edge.source)} -${edge.relation}-> ${name(edge.target)}`;
}

/** Fill the list of objects; `on` holds select(id, adding), hover(id), decide(id, decision). */
export function showObjects(scene, objects, selected, on) {
  const rows = objects.map((node, place) => {
    const decision = scene.decisions.get(node.id);
    const turn = (name, text, title) => button(text, () => on.decide(node.id, decision === name ? null : name), {
      title, ariaLabel: `${title} ${node.label}`, ariaPressed: String(decision === name), className: `small ${name}`,
    });
    const name = button(`${place + 1}  ${node.label}`, ({ shiftKey }) => on.select(node.id, shiftKey), {
      className: "name", ariaPressed: String(selected.includes(node.id)),
    });
    const row = html("li", { className: decision ?? "", data: { id: node.id } }, name,
      html("span", { className: "score", textContent: percent(node.score) }),
      turn("accepted", "✓", "accept"), turn("rejected", "✗", "reject"));
    row.addEventListener("pointerenter", () => on.hover(node.id));
    row.addEventListener("pointerleave", () => on.hover(null));
    return row;
  });
  byId("objects").replaceChildren(...rows);
}

/** Fill the filters: a check box for each kind, relation and origin, with its count. */
export function showFilters(groups, filters, colours, changed) {
  const titles = { kind: "Kinds", relation: "Relations", origin: "Origins" };
  const parts = Object.entries(groups).map(([group, entries]) => {
    const boxes = entries.map(([name, count]) => {
      const input = html("input", { type: "checkbox", checked: !filters[group].has(name), on: {
        change: () => {
          if (input.checked) filters[group].delete(name);
          else filters[group].add(name);
          changed();
        },
      } });
      const dot = group === "kind" ? html("i", { style: `background:${colours[name]}` }) : null;
      return html("label", { data: { filter: `${group}:${name}` } }, input, dot, name || "(none)", html("span", { className: "count", textContent: count }));
    });
    const open = group === "kind" || byId("filters").querySelector(`[data-group=${group}]`)?.open;
    return html("details", { open: Boolean(open), data: { group } }, html("summary", { textContent: titles[group] }), ...boxes);
  });
  byId("filters").replaceChildren(...parts);
}

/** Fill the list of what the answer rests on: each edge with its weight, as a bar and a number. */
export function showPath(scene, highlight, on) {
  const rows = inOrder(scene, highlight).map((key) => {
    const weight = highlight.edgeWeights.get(key) ?? 1;
    const edge = scene.edges.get(key);
    const row = html("li", {}, html("meter", { value: weight, min: 0, max: 1, title: `weight ${percent(weight)}` }),
      button(sentence(scene, edge), () => on.select(edge.target, false), { className: "name" }),
      html("span", { className: "score", textContent: percent(weight) }));
    row.addEventListener("pointerenter", () => on.edge(key));
    return row;
  });
  byId("path").replaceChildren(...rows);
  byId("path-part").hidden = rows.length === 0;
}

/** Fill the deletion test: a switch for each piece of the evidence; one is on at most. */
export function showDeletions(effects, chosen, switched) {
  const rows = effects.map((effect, number) => {
    const input = html("input", { type: "checkbox", role: "switch", checked: number === chosen, on: {
      change: () => switched(input.checked ? number : null),
    } });
    const then = `${effect.answer} · ${percent(effect.probability)} (${effect.change < 0 ? "−" : "+"}${percent(Math.abs(effect.change))})`;
    return html("li", { className: number === chosen ? "on" : "" }, html("label", {}, input, `without ${effect.piece}`),
      html("output", { textContent: then }));
  });
  byId("deletions").replaceChildren(...rows);
}
