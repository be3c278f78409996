// Programs in Python with packages of their own, each on a port of this machine.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const here = new URL(".", import.meta.url).pathname;

/** Starts `program` with `words`, in the environment `venv` that has what `requirements` lists; gives the means to end it. */
export async function python(venv, requirements, program, ...words) {
  const place = join(here, "../../../target", venv);
  const interpreter = join(place, "bin/python");
  if (!existsSync(join(place, "ready"))) {
    execFileSync("python3", ["-m", "venv", "--clear", place]);
    execFileSync(interpreter, ["-m", "pip", "install", "--quiet", "--no-deps", "--requirement", join(here, requirements)]);
    execFileSync("touch", [join(place, "ready")]);
  }
  const child = spawn(interpreter, [join(here, program), ...words], { stdio: ["ignore", "pipe", "pipe"] });
  let complaints = "";
  child.stderr.on("data", (chunk) => (complaints += chunk));
  const ended = new Promise((done) => child.on("exit", done));
  const ready = new Promise((done) => child.stdout.once("data", () => done("ready")));
  assert.equal(await Promise.race([ready, ended]), "ready", complaints);
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  return Object.assign(stop, { complaints: () => complaints });
}
