// The page: it holds what is shown and selected, and joins the views to the corrections.

import { listenToAlbum } from "./album.js";
import { byId, html } from "./dom.js";
import { counts, noFilters, visible } from "./filters.js";
import { GraphView } from "./graph-view.js";
import { NOTHING, answerHighlight, partsOf, storedHighlight } from "./highlight.js";
import { History } from "./history.js";
import { KEYS, listenToKeys } from "./keyboard.js";
import { showDeletions, showFilters, showObjects, showPath } from "./lists.js";
import { showEdge, showSelection } from "./panel.js";
import { PhotoView } from "./photo-view.js";
import { SAVED, download } from "./save.js";
import * as corrections from "./scene.js";
import * as service from "./service.js";

const content = JSON.parse(byId("content").textContent);
const EMPTY = { photo: null, text: null, nodes: [], edges: [] };
const ZOOM_STEP = 1.25;

const page = {
  history: new History(corrections.sceneOf(content.nodes ? content : EMPTY, {
    question: byId("question").textContent,
    text: byId("answer").textContent,
    highlight: content.highlight ? storedHighlight(content.highlight) : NOTHING,
    effects: content.effects ?? [],
  })),
  filters: noFilters(),
  deleted: null, // the number of the effect that is switched on
  expanded: new Set(),
  fetched: new Set(), // concepts whose neighbours the service gave
  question: 0, // the number of the last question; the answers of former ones are not shown
  everything: false,
  selected: [],
  redrawn: null, // the object whose box is drawn anew
  photograph: null, // the service's name of the photograph
  opening: 0, // the number of the last photograph or file that was opened; a slower one before it is not shown
  grounds: new Map(), // by photograph, what it had in the service and its picture
  uncorrected: new WeakSet(), // scenes as the eyes and the knowledge made them
};
const scene = () => page.history.present;
const highlight = () => scene().answer.highlight;
const effects = () => scene().answer.effects;

const graph = new GraphView(byId("graph"), {
  colours: content.colours, accent: content.accent,
  on: { hover, select: (ids) => select(ids), edge: pointAtEdge, expand },
});
const photo = new PhotoView(byId("photo"), {
  colours: content.colours, on: { hover, select: choose, drawn: takeDrawn },
});

// ------------------------------------------------------------------ what is shown

function refresh() {
  page.selected = page.selected.filter((id) => scene().nodes.has(id));
  const shown = visible(scene(), page.filters, highlight(), page.expanded, page.everything);
  const objects = corrections.ofKind(scene(), "object");
  const numbers = new Map(objects.map((node, place) => [node.id, place + 1]));
  graph.show(scene(), shown, highlight(), numbers);
  photo.show(scene(), shown.nodes, highlight(), numbers);
  showObjects(scene(), objects, page.selected, { select: choose, hover, decide });
  showFilters(counts(scene()), page.filters, content.colours, refresh);
  showPath(scene(), highlight(), { select: choose, edge: pointAtEdge });
  showDeletion();
  showSelection(scene(), page.selected, panelActions);
  byId("shown").textContent = `${shown.nodes.size} of ${scene().nodes.size} nodes, ${shown.edges.size} of ${scene().edges.size} edges`;
  byId("undo").disabled = !page.history.canUndo;
  byId("redo").disabled = !page.history.canRedo;
  mark();
  search();
}

function mark() {
  graph.select(page.selected);
  photo.mark("selected", new Set(page.selected));
  for (const row of byId("objects").children) {
    row.querySelector(".name").ariaPressed = String(page.selected.includes(row.dataset.id));
  }
}

function hover(id) {
  graph.light(id);
  photo.light(id);
  const text = id && scene().nodes.get(id);
  say(text ? `${text.kind}: ${text.label} · ${text.origin} · ${text.score.toFixed(2)}` : "");
}

function pointAtEdge(key) {
  showEdge(scene(), key, highlight().edgeWeights.get(key), panelActions);
}

function say(text, failed = false) {
  byId("status").textContent = text;
  byId("status").classList.toggle("error", failed);
}

// ------------------------------------------------------------------ selection and search

function select(ids) {
  page.selected = ids;
  showSelection(scene(), ids, panelActions);
  mark();
}

/** Select a node from the photograph or a list, and move it into sight. */
function choose(id, adding) {
  const others = adding ? page.selected.filter((one) => one !== id) : [];
  select(adding && page.selected.includes(id) ? others : [...others, id]);
  if (!adding) graph.centre(id);
}

function step(by) {
  const ids = corrections.ofKind(scene(), "object").map(({ id }) => id);
  const place = ids.indexOf(page.selected[0]);
  if (ids.length) choose(ids[(place + by + ids.length + (place < 0 && by < 0 ? 1 : 0)) % ids.length], false);
}

function search() {
  const wanted = byId("search").value.trim().toLowerCase();
  const found = wanted ? [...scene().nodes.values()].filter(({ label }) => label.toLowerCase().includes(wanted)) : [];
  const ids = found.map(({ id }) => id);
  graph.mark("found", ids);
  byId("found").textContent = wanted ? `${found.length} found` : "";
  return ids;
}

/** Show what was searched for even where it is folded, and go to the first. */
function goToFound() {
  const ids = search();
  if (!ids.length) return;
  for (const id of ids.slice(0, 20)) if (graph.node(id).empty()) page.expanded.add(id);
  page.selected = [ids[0]];
  refresh();
  graph.centre(ids[0]);
}

// ------------------------------------------------------------------ folding

async function expand(id) {
  page.expanded.add(id);
  const links = corrections.edgesOf(scene(), id).filter(([, edge]) => edge.kind === "link" && edge.source === id);
  for (const [, edge] of links) page.expanded.add(edge.target);
  const concepts = scene().nodes.get(id)?.kind === "concept" ? [id] : links.map(([, edge]) => edge.target);
  refresh();
  if (!content.live) return;
  for (const concept of concepts.filter((one) => !page.fetched.has(one))) await fetchNeighbours(concept);
}

async function fetchNeighbours(concept) {
  const found = await answered(() => service.neighbours(concept));
  if (!found) return;
  page.fetched.add(concept);
  const more = corrections.withKnowledge(scene(), found);
  if (page.uncorrected.has(scene())) page.uncorrected.add(more);
  page.history.replace(more);
  refresh();
}

function fold() {
  page.expanded.clear();
  setEverything(false);
}

function setEverything(on) {
  page.everything = on;
  byId("everything").ariaPressed = String(on);
  refresh();
}

// ------------------------------------------------------------------ corrections

function correct(changed) {
  if (changed === scene()) return;
  page.history.push(changed);
  page.deleted = null;
  refresh();
  askAgain();
}

function decide(id, decision) {
  correct(corrections.decide(scene(), id, decision));
}

function decideSelected(decision) {
  const objects = page.selected.filter((id) => scene().nodes.get(id).kind === "object");
  correct(objects.reduce((rest, id) => corrections.decide(rest, id, decision), scene()));
}

function removeNodes(ids) {
  correct(ids.reduce((rest, id) => (rest.nodes.has(id) ? corrections.remove(rest, id) : rest), scene()));
}

function takeDrawn(box) {
  const redrawn = page.redrawn;
  setDrawing(false);
  if (scene().nodes.has(redrawn)) {
    correct(corrections.moveBox(scene(), redrawn, box));
    return;
  }
  const name = html("input", { type: "text", id: "new-name", placeholder: "name of the new object", ariaLabel: "name of the new object" });
  byId("selection").replaceChildren(html("form", { on: { submit: (event) => {
    event.preventDefault();
    const label = name.value.trim().toLowerCase();
    if (!label) return;
    const changed = corrections.addObject(scene(), label, box);
    page.selected = [[...changed.nodes.keys()].pop()];
    correct(changed);
  } } }, name, html("button", { textContent: "Add" })));
  name.focus();
}

/** Let the next drag in the photograph draw the box of a new object, or of the one of that id. */
function setDrawing(on, id = null) {
  photo.draw(on);
  page.redrawn = id;
  byId("draw").ariaPressed = String(photo.drawing);
  say(photo.drawing ? "Draw the box in the photograph." : "");
}

const panelActions = {
  rename: (id, label) => correct(corrections.rename(scene(), id, label)),
  remove: removeNodes,
  redraw: (id) => setDrawing(true, id),
  merge: (ids) => { page.selected = [ids[0]]; correct(corrections.merge(scene(), ids)); },
  expand,
  pin: (id) => graph.pin(id),
  addSeen: (id, relation, target) => correct(corrections.addSeen(scene(), id, relation, target)),
  addFact: (id, relation, object) => correct(corrections.addFact(scene(), id, relation, object)),
  removeEdge: (key) => correct(corrections.removeEdge(scene(), key)),
  edge: pointAtEdge,
};

function travel(direction) {
  const before = keyOf(scene().photo);
  page.history[direction]();
  if (keyOf(scene().photo) !== before) layGround();
  page.deleted = null;
  refresh();
  askAgain();
}

// ------------------------------------------------------------------ the deletion test

function showDeletion() {
  byId("deletion-part").hidden = effects().length === 0;
  showDeletions(effects(), page.deleted, (number) => { page.deleted = number; showDeletion(); });
  const effect = effects()[page.deleted];
  const parts = effect ? partsOf(scene(), highlight(), effect) : { nodes: new Set(), edges: new Set() };
  graph.mark("deleted", parts.nodes, parts.edges);
  photo.mark("deleted", parts.nodes);
  byId("answer").textContent = effect ? `${effect.answer}  (without ${effect.piece})` : scene().answer.text;
  byId("question").textContent = scene().answer.question;
}

// ------------------------------------------------------------------ live, from the service

async function answered(request) {
  say("…");
  try {
    const result = await request();
    say("");
    return result;
  } catch (error) {
    failed(error);
    return null;
  }
}

function failed(error) {
  byId("token").hidden &&= error.status !== 401;
  say(error.message, true);
}

async function ask(how = service.ask) {
  const question = byId("asked").value.trim();
  if (!question) return;
  const asked = scene();
  page.question += 1;
  const number = page.question;
  // While nothing was corrected, the service looks at the photograph itself.
  const seen = page.photograph && page.uncorrected.has(asked);
  const result = await answered(() => how(page.photograph, seen ? null : corrections.graphOf(asked), question));
  if (!result || number !== page.question) return;
  const answer = result.effects ? result.answer : result;
  showAnswer(answer, result.graph ?? answer.graph, result.effects ?? []);
}

/** Put the graph that the answer was found in, with the answer, in place of the present scene. */
function showAnswer(answer, answerGraph, found) {
  const { decisions, unset } = scene();
  const next = answerGraph ? { ...corrections.sceneOf(answerGraph), unset } : { ...scene() };
  next.photo = scene().photo ?? next.photo;
  next.decisions = new Map([...decisions].filter(([id]) => next.nodes.has(id)));
  const support = answer.support ? `, ${answer.support}` : "";
  const text = `${answer.answer}  (confidence ${answer.confidence.toFixed(2)}${support})`;
  next.answer = { question: answer.question, text, highlight: answerHighlight(next, answer), effects: found };
  if (page.uncorrected.has(scene())) page.uncorrected.add(next);
  page.history.replace(next);
  page.deleted = null;
  refresh();
  graph.arrange();
}

/** A correction is answered at once where a service can. */
function askAgain() {
  page.question += 1;
  if (content.live && byId("asked").value.trim()) ask();
}

async function openPhotograph(file) {
  const found = await answered(() => service.upload(file));
  if (found) await showPhotograph({ id: found.id, name: file.name });
}

/** Show a photograph that the service has, and its graph. */
async function showPhotograph({ id, name }) {
  const number = (page.opening += 1);
  const image = await answered(() => service.photographUrl(id));
  const graphJson = await answered(() => service.graphOfPhotograph(id));
  if (!graphJson || number !== page.opening) return;
  show(corrections.sceneOf(graphJson), name);
  page.history = new History(scene());
  page.uncorrected.add(scene());
  page.grounds.set(keyOf(scene().photo), { id, image });
  layGround();
  graph.cy.elements().remove();
  refresh();
}

/** What tells photographs apart. */
const keyOf = (shown) => (shown ? shown.sha256 || `${shown.width} x ${shown.height}` : "");

/** Put the photograph of the present scene under its boxes: questions are about it from now on. */
function layGround() {
  const { id, image } = page.grounds.get(keyOf(scene().photo)) ?? { id: null, image: null };
  page.photograph = id;
  photo.open(scene().photo, image);
}

/** Make a scene of a file the present one. */
function show(opened, name) {
  opened.answer = { ...opened.answer, question: name };
  Object.assign(page, { deleted: null, selected: [] });
  page.expanded.clear();
  page.fetched.clear();
  page.question += 1;
  page.history.push(opened);
}

// ------------------------------------------------------------------ buttons and keys

function fit() {
  graph.fit();
  photo.fit();
}

function save() {
  const { file, content: make } = SAVED[byId("save").value] ?? {};
  byId("save").value = "";
  if (file) download(file, make(scene()));
}

/** Show a graph that was saved, over its photograph if that was opened before. */
async function openFile(file) {
  let opened;
  try {
    opened = corrections.sceneOf(JSON.parse(await file.text()));
  } catch {
    say(`${file.name} is no saved graph.`, true);
    return;
  }
  page.opening += 1;
  const before = keyOf(scene().photo);
  show(opened, file.name);
  if (keyOf(opened.photo) !== before) layGround();
  refresh();
  graph.arrange();
}

function listen() {
  const clicks = {
    open: () => byId("file").click(),
    undo: () => travel("undo"), redo: () => travel("redo"), draw: () => setDrawing(!photo.drawing), fit,
    everything: () => setEverything(!page.everything), help: () => byId("keys").showModal(), explain: () => ask(service.explain),
  };
  for (const [id, click] of Object.entries(clicks)) byId(id).addEventListener("click", click);
  byId("search").addEventListener("input", search);
  byId("search").addEventListener("keydown", ({ key }) => { if (key === "Enter") goToFound(); });
  byId("layout").addEventListener("change", () => graph.arrange(byId("layout").value));
  byId("save").addEventListener("change", save);
  byId("score").addEventListener("input", () => {
    page.filters.score = Number(byId("score").value);
    byId("least").textContent = page.filters.score.toFixed(2);
    refresh();
  });
  byId("ask").addEventListener("submit", (event) => { event.preventDefault(); ask(); });
  byId("upload").addEventListener("change", () => { if (byId("upload").files[0]) openPhotograph(byId("upload").files[0]); });
  byId("file").addEventListener("change", () => { if (byId("file").files[0]) openFile(byId("file").files[0]); });
  byId("token").addEventListener("input", () => service.useToken(byId("token").value));
  const each = (act) => () => page.selected.forEach(act);
  listenToKeys({
    search: () => byId("search").focus(), fit, zoomIn: () => graph.zoom(ZOOM_STEP), zoomOut: () => graph.zoom(1 / ZOOM_STEP),
    next: () => step(1), previous: () => step(-1), expand: each(expand), fold, pin: each((id) => graph.pin(id)),
    rename: () => byId("rename")?.select(), accept: () => decideSelected("accepted"), reject: () => decideSelected("rejected"),
    draw: () => setDrawing(!photo.drawing), merge: mergeSelected, remove: () => removeNodes(page.selected),
    undo: () => travel("undo"), redo: () => travel("redo"), clear, help: () => byId("keys").showModal(),
  });
}

function mergeSelected() {
  const objects = page.selected.filter((id) => scene().nodes.get(id).kind === "object");
  if (objects.length > 1) panelActions.merge(objects);
}

function clear() {
  setDrawing(false);
  document.activeElement?.blur();
  select([]);
}

function start() {
  byId("ask").hidden = !content.live;
  if (content.album) listenToAlbum({ open: showPhotograph, failed });
  byId("licence-text").textContent = byId("licences").textContent;
  byId("key-list").append(...KEYS.flatMap(([key, what]) => [html("dt", {}, html("kbd", { textContent: key })), html("dd", { textContent: what })]));
  const choices = Object.entries(SAVED).map(([name, { title }]) => html("option", { value: name, textContent: title }));
  byId("save").append(html("option", { value: "", textContent: "Save…" }), ...choices);
  page.grounds.set(keyOf(scene().photo), { id: null, image: content.image });
  layGround();
  listen();
  refresh();
}

start();
