// What the page asks of `sightgraph serve`, from which it was loaded. A saved file asks nothing.

let token = "";

/** Use this token from now on. */
export function useToken(text) {
  token = text.trim();
}

async function request(path, options = {}) {
  const headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  const response = await fetch(path, { ...options, headers });
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  const reason = [body.error, body.detail, response.statusText].find((one) => typeof one === "string" && one);
  throw Object.assign(new Error(reason ?? `HTTP ${response.status}`), { status: response.status });
}

const post = async (path, value) => (await request(path, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value),
})).json();

/** Upload a photograph; return { id, width, height }. */
export async function upload(file) {
  const form = new FormData();
  form.append("file", file);
  return (await request("/api/photographs", { method: "POST", body: form })).json();
}

/** Return the URL of an uploaded photograph, as a blob: the request may need the token. */
export async function photographUrl(id) {
  const response = await request(`/api/photographs/${encodeURIComponent(id)}`);
  return URL.createObjectURL(await response.blob());
}

export const ask = (photograph, graph, question) => post("/api/ask", { photograph, graph, question });
export const explain = (photograph, graph, question) => post("/api/explain", { photograph, graph, question });
export const graphOfPhotograph = (photograph) => post("/api/graph", { photograph });

/** Return [{ id, name, score, labels }] of the photographs that a text describes. */
export async function findInAlbum(text) {
  return (await request(`/api/album?${new URLSearchParams({ text })}`)).json();
}

/** Return the URL of a small picture of a photograph of the album. */
export async function thumbnailUrl(id) {
  const response = await request(`/api/album/${encodeURIComponent(id)}/thumbnail`);
  return URL.createObjectURL(await response.blob());
}

/** Let the service take a photograph of the album for questions; return { id, width, height }. */
export const openFromAlbum = (id) => post(`/api/album/${encodeURIComponent(id)}`, {});

/** Return { nodes, edges } around a concept. */
export async function neighbours(concept, limit = 50) {
  const query = new URLSearchParams({ concept, limit });
  return (await request(`/api/neighbours?${query}`)).json();
}
