// Bundles style sheet and scripts into web/dist, from where they are embedded in the binary.
import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** Bytes of all scripts of a page as they are sent, at most. */
const SCRIPTS = 20 * 1024;

const here = new URL("..", import.meta.url).pathname;
await rm(`${here}dist`, { recursive: true, force: true });
await mkdir(`${here}dist`, { recursive: true });
await build({
  entryPoints: [`${here}css/app.css`, `${here}js/app.js`, `${here}js/upload.js`, `${here}js/onward.js`],
  outdir: `${here}dist`,
  entryNames: "[name]",
  bundle: true,
  minify: true,
  target: ["chrome86", "safari14.1"],
  format: "iife",
  legalComments: "none",
  logLevel: "warning",
});
let sent = 0;
for (const name of ["app.js", "upload.js", "onward.js"]) sent += gzipSync(await readFile(`${here}dist/${name}`)).length;
if (sent > SCRIPTS) throw new Error(`the scripts are ${sent} bytes, more than ${SCRIPTS}`);
await copyFile(`${here}css/icon.svg`, `${here}dist/icon.svg`);

// The faces that documents are typeset with (SIL Open Font License).
await mkdir(`${here}fonts`, { recursive: true });
for (const [family, name] of [["noto-serif-sc", "NotoSerifSC"], ["noto-sans-sc", "NotoSansSC"]]) {
  for (const weight of ["400Regular", "700Bold"]) {
    const file = `${name}_${weight}.ttf`;
    await copyFile(`${here}node_modules/@expo-google-fonts/${family}/${weight}/${file}`, `${here}fonts/${file}`);
  }
}
