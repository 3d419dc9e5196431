// Bundles src/ into data/inspector/: `npm ci && npm run build`.
//
// It writes inspector.js and inspector.css (minified), page.html, THIRD_PARTY.txt (the licences of
// what is bundled) and build.json (the SHA-256 of the sources and of each result, which
// tests/pipelines/inspector/test_bundle.py compares with the files).

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const TARGET = join(HERE, "../../../data/inspector");
// dagre is part of cytoscape-dagre's distribution file and has no folder of its own here.
const DAGRE = `dagre (part of cytoscape-dagre), MIT

Copyright (c) 2012-2014 Chris Pettitt

`;

const sha256 = (...contents) => {
  const hash = createHash("sha256");
  for (const content of contents) hash.update(content);
  return hash.digest("hex");
};

function sources() {
  const files = readdirSync(join(HERE, "src")).map((name) => `src/${name}`);
  return [...files, "build.js", "package.json", "package-lock.json"].sort();
}

function sourcesHash() {
  // Name and content of each file, with a NUL after each, so that no two sets of files agree.
  return sha256(...sources().flatMap((name) => [name, "\0", readFileSync(join(HERE, name)), "\0"]));
}

function bundledPackages(metafile) {
  const names = Object.keys(metafile.inputs)
    .map((path) => path.match(/node_modules\/([^/]+)/)?.[1])
    .filter(Boolean);
  return [...new Set(names)].sort();
}

function licenceOf(name) {
  const folder = join(HERE, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf-8"));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  if (!file || !existsSync(join(folder, file))) throw new Error(`${name} has no licence file.`);
  const text = readFileSync(join(folder, file), "utf-8").trim();
  return { heading: `${name} ${version}, ${license}`, text };
}

const options = {
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  charset: "ascii",
  legalComments: "none", // all licences stand in THIRD_PARTY.txt, which every page carries
  target: "es2022",
  logLevel: "warning",
};

const script = await build({
  ...options, entryPoints: [join(HERE, "src/main.js")], format: "iife", absWorkingDir: HERE,
});
const style = await build({ ...options, entryPoints: [join(HERE, "src/style.css")] });

const licences = bundledPackages(script.metafile).map(licenceOf);
const mit = licences.find(({ heading }) => heading.startsWith("cytoscape-dagre")).text;
const permission = mit.slice(mit.indexOf("Permission is hereby granted"));
const thirdParty = licences
  .map(({ heading, text }) => `${heading}\n\n${text}\n`)
  .concat(DAGRE + permission + "\n")
  .join(`\n${"-".repeat(72)}\n\n`);

mkdirSync(TARGET, { recursive: true });
const results = {
  "inspector.js": script.outputFiles[0].text,
  "inspector.css": style.outputFiles[0].text,
  "page.html": readFileSync(join(HERE, "src/page.html"), "utf-8"),
  "THIRD_PARTY.txt": thirdParty,
};
for (const [name, text] of Object.entries(results)) writeFileSync(join(TARGET, name), text);
const record = {
  sources: sourcesHash(),
  ...Object.fromEntries(Object.entries(results).map(([name, text]) => [name, sha256(text)])),
};
writeFileSync(join(TARGET, "build.json"), JSON.stringify(record, null, 1) + "\n");
for (const [name, text] of Object.entries(results)) console.log(`${name}: ${text.length} bytes`);
