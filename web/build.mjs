// Builds the browser code into dist/: every file named by its content, and a manifest that says which is which.
//
// Entries are found, not listed: the element, the frame, and the widget of every folder under campaigns/ that has one.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import * as esbuild from "esbuild";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const DIST = path.join(ROOT, "dist");
const EMBED_GZIP_BYTES_MAX = 10_000;

const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  sourcemap: false,
  charset: "utf8",
  target: ["es2022", "safari16"],
  loader: { ".svg": "text" },
  legalComments: "none",
  logLevel: "warning",
};

async function widgetEntries() {
  const folders = await readdir(path.join(ROOT, "campaigns"), { withFileTypes: true });
  return folders
    .filter((folder) => folder.isDirectory())
    .map((folder) => ({ game: folder.name, file: `campaigns/${folder.name}/widget/index.js` }))
    .filter(({ file }) => existsSync(path.join(ROOT, file)));
}

async function build() {
  const widgets = await widgetEntries();
  const outdir = path.join(ROOT, "node_modules", ".dist");
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });

  const modules = await esbuild.build({
    ...COMMON,
    entryPoints: {
      frame: "api/embed/frame/main.js",
      docs: "api/pages/docs.js",
      ...Object.fromEntries(widgets.map(({ game, file }) => [`widget-${game}`, file])),
    },
    format: "esm",
    splitting: true,
    outdir,
    entryNames: "[name]-[hash]",
    chunkNames: "part-[hash]",
    metafile: true,
  });
  const element = await esbuild.build({
    ...COMMON,
    entryPoints: ["api/embed/element/embed.js"],
    format: "iife",
    write: false,
  });

  const manifest = { frame: null, docs: null, widgets: {}, embed: null };
  for (const [file, output] of Object.entries(modules.metafile.outputs)) {
    if (!output.entryPoint) continue;
    const asset = {
      js: path.basename(file),
      css: output.cssBundle ? path.basename(output.cssBundle) : null,
    };
    const widget = widgets.find((candidate) => candidate.file === output.entryPoint);
    if (widget) manifest.widgets[widget.game] = asset;
    else if (asset.js.startsWith("frame-")) manifest.frame = asset;
    else if (asset.js.startsWith("docs-")) manifest.docs = asset;
  }

  const script = element.outputFiles[0].contents;
  const digest = createHash("sha256").update(script).digest("hex").slice(0, 8).toUpperCase();
  manifest.embed = `embed-${digest}.js`;
  await writeFile(path.join(outdir, manifest.embed), script);
  const size = gzipSync(script, { level: 9 }).length;
  if (size > EMBED_GZIP_BYTES_MAX) throw new Error(`embed.js is ${size} bytes gzipped, over ${EMBED_GZIP_BYTES_MAX}`);

  await writeFile(path.join(outdir, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await rm(DIST, { recursive: true, force: true });
  await rename(outdir, DIST);
  await report();
}

async function report() {
  for (const file of (await readdir(DIST)).sort()) {
    const bytes = await readFile(path.join(DIST, file));
    const gzip = gzipSync(bytes, { level: 9 }).length;
    console.log(`${file.padEnd(32)} ${String(bytes.length).padStart(7)} B  ${String(gzip).padStart(6)} B gzip`);
  }
}

await build();
