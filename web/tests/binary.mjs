// The binary at work: started with a demonstration, ended or killed, and the people who may sign in.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const here = new URL("..", import.meta.url).pathname;

/** The binary under test. */
export const binary = resolve(process.env.TISHENG_BINARY ?? join(here, "../target/debug/tisheng"));

/** A folder for a demonstration's data, with the means to remove it. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), "tisheng-data-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** What the binary is told by its environment, as it is by now. TISHENG_BINARY is for these tests alone; the binary
    refuses settings that it does not know. */
function environment() {
  const { TISHENG_BINARY: _, ...others } = process.env;
  return others;
}

/** What a command of the binary prints. */
export function said(...command) {
  return execFileSync(binary, command, { encoding: "utf8", env: environment() });
}

/** Starts a demonstration with data in the folder `data`; data that is there is found again. It takes a free port unless
    `more` names one. */
export async function start(data, scheme, ...more) {
  assert.ok(existsSync(binary), `build the binary first: ${binary}`);
  const listen = more.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"];
  const child = spawn(binary, ["demo", "--data", data, ...listen, "--scheme", scheme, ...more], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...environment(), TISHENG_LOG: "warn" },
  });
  let said = "";
  let complaints = "";
  const ended = new Promise((done) => child.on("exit", done));
  child.stderr.on("data", (chunk) => (complaints += chunk));
  const address = await new Promise((found, failed) => {
    child.stdout.on("data", (chunk) => {
      said += chunk;
      const line = said.match(/listening on (http:\/\/\S+)/);
      if (line) found(line[1]);
    });
    ended.then((code) => failed(new Error(`the binary ended with ${code}: ${said}${complaints}`)));
  });
  const personas = JSON.parse(readFileSync(join(data, "personas.json"), "utf8"));
  const end = async (signal) => {
    child.kill(signal);
    await ended;
  };
  return { address, personas, data, complaints: () => complaints, end };
}

/** Starts the binary with a demonstration of its own. `stop` ends it and removes its data; `again` starts it anew
    with what is there, such as on another day. */
export async function demonstration(scheme, ...more) {
  const data = folder();
  const open = async (...options) => {
    const site = await start(data.path, scheme, ...options);
    const stop = async () => {
      await site.end("SIGTERM");
      data.remove();
    };
    const again = async (...others) => {
      await site.end("SIGTERM");
      return open(...others);
    };
    return { ...site, stop, again };
  };
  return open(...more);
}

/** The code that an authenticator shows for `secret` (RFC 6238, SHA-1, six digits, 30 seconds). */
export function totp(secret, at = Date.now()) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replace(/[\s=]/g, "").toUpperCase()]
    .map((c) => alphabet.indexOf(c).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const offset = mac[19] & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** The persona of `site` with `role`, the `nth` of them. */
export function persona(site, role, nth = 0) {
  const found = site.personas.filter((p) => p.role === role)[nth];
  assert.ok(found, `no persona ${role} ${nth}: ${JSON.stringify(site.personas.map((p) => p.role))}`);
  return found;
}
