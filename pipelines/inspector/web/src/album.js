// The album of a service: a search by what photographs show, and their thumbnails.

import { byId, html } from "./dom.js";
import * as service from "./service.js";

/** Let the dialog search; `on.open({ id, name })` shows a photograph, `on.failed(text)` says why not. */
export function listenToAlbum(on) {
  byId("album").hidden = false;
  byId("album").addEventListener("click", () => { byId("album-search").showModal(); byId("described").focus(); });
  byId("album-form").addEventListener("submit", (event) => { event.preventDefault(); search(on); });
}

let searches = 0; // so that the answer to a former search is not shown

async function search(on) {
  const text = byId("described").value.trim();
  if (!text) return;
  const number = (searches += 1);
  count("…");
  const found = await attempt(on, () => service.findInAlbum(text));
  if (number !== searches) return;
  count(found ? `${found.length} found` : "");
  if (!found) return;
  byId("album-found").replaceChildren(...found.map((one) => card(one, on)));
  // One after another: a service allows so many requests a second.
  for (const one of found) if (number === searches) await picture(one);
}

function card(one, on) {
  const about = `${one.name} · ${one.score.toFixed(2)} · ${one.labels.join(", ")}`;
  const open = async () => {
    const opened = await attempt(on, () => service.openFromAlbum(one.id));
    if (!opened) return;
    byId("album-search").close();
    on.open({ id: opened.id, name: one.name });
  };
  return html("button", { type: "button", title: about, ariaLabel: `open ${one.name}`, data: { id: one.id }, on: { click: open } },
    html("img", { alt: "" }), html("span", { textContent: one.name }), html("span", { className: "hint", textContent: one.labels.join(", ") }));
}

async function picture({ id }) {
  const image = byId("album-found").querySelector(`[data-id="${CSS.escape(id)}"] img`);
  const url = await service.thumbnailUrl(id).catch(() => null); // a file that is gone has no picture
  if (image && url) image.src = url;
}

async function attempt(on, request) {
  try {
    return await request();
  } catch (error) {
    count(error.message);
    on.failed(error);
    return null;
  }
}

const count = (text) => { byId("album-count").textContent = text; };
