// Builds the page into dist/: three files that the exporter carries in itself, and the licences of what is in them.
//
//   node build.mjs            once, small
//   node build.mjs --watch    again at each change, with source maps

import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { context } from "esbuild";

const DIST = "dist";
const watch = process.argv.includes("--watch");

await rm(DIST, { recursive: true, force: true });
await mkdir(DIST);
await cp("src/index.html", `${DIST}/index.html`);
await cp("src/icon.svg", `${DIST}/icon.svg`);

const bundle = await context({
  entryPoints: { app: "src/main.tsx" },
  outdir: DIST,
  bundle: true,
  format: "esm",
  target: "es2024",
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: !watch,
  sourcemap: watch && "inline",
  legalComments: "none",
  metafile: true,
});
const { metafile } = await bundle.rebuild();
await writeFile(`${DIST}/licenses.txt`, await licences(Object.keys(metafile.inputs)));
if (watch) {
  await bundle.watch();
} else {
  await bundle.dispose();
}

/** The licence texts of the packages that these files are of. */
async function licences(files) {
  const packages = new Set(files.map((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]));
  packages.delete(undefined);
  const texts = [];
  for (const name of [...packages].sort()) {
    const folder = `node_modules/${name}`;
    const { version, license } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${name} has no file of its licence`);
    texts.push(
      `${name} ${version} (${license})\n\n${(await readFile(`${folder}/${file}`, "utf8")).trim()}\n`,
    );
  }
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}
