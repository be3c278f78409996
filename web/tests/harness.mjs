// What browser tests stand on: the binary with a demonstration, a Chromium, people who sign in, and looks at pages
// that measure what every page must keep to.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chromium } from "playwright-core";

const here = new URL("..", import.meta.url).pathname;
const binary = resolve(process.env.TISHENG_BINARY ?? join(here, "../target/debug/tisheng"));
const axe = readFileSync(join(here, "node_modules/axe-core/axe.min.js"), "utf8");
const shots = join(here, "shots");

/** Bytes and requests of one page with an empty cache. */
const BUDGET = { teacher: { bytes: 60 * 1024, requests: 6 }, office: { bytes: 200 * 1024, requests: 12 } };

/** Starts the binary with a demonstration of its own; `stop` ends it and removes its data. */
export async function demonstration(scheme, ...more) {
  assert.ok(existsSync(binary), `build the binary first: ${binary}`);
  const data = mkdtempSync(join(tmpdir(), "tisheng-browser-"));
  const child = spawn(binary, ["demo", "--data", data, "--listen", "127.0.0.1:0", "--scheme", scheme, ...more], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TISHENG_LOG: "warn" },
  });
  let said = "";
  let complaints = "";
  child.stderr.on("data", (chunk) => (complaints += chunk));
  const address = await new Promise((found, failed) => {
    child.stdout.on("data", (chunk) => {
      said += chunk;
      const line = said.match(/listening on (http:\/\/\S+)/);
      if (line) found(line[1]);
    });
    child.on("exit", (code) => failed(new Error(`the binary ended with ${code}: ${said}${complaints}`)));
  });
  const personas = JSON.parse(readFileSync(join(data, "personas.json"), "utf8"));
  const stop = async () => {
    const ended = new Promise((done) => child.on("exit", done));
    child.kill("SIGTERM");
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  return { address, personas, stop, complaints: () => complaints };
}

/** A Chromium of its own. */
export async function browser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ],
  });
}

/** A visitor: a browser context with its own cookies. `phone` is 360 px wide; `scripts: false` switches them off. */
export async function visitor(chrome, site, { phone = false, scripts = true } = {}) {
  const context = await chrome.newContext({
    baseURL: site.address,
    viewport: phone ? { width: 360, height: 740 } : { width: 1440, height: 900 },
    javaScriptEnabled: scripts,
    locale: "zh-CN",
    bypassCSP: false,
  });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) wrong.push(message.text());
  });
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("response", (response) => {
    if (response.status() >= 500) wrong.push(`${response.status()} ${response.url()}`);
  });
  return { context, page, phone, scripts, wrong, close: () => context.close() };
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

/** Signs in as a person would, second factor included. */
export async function signIn(visitor, who) {
  const { page } = visitor;
  await page.goto("/sign-in");
  await page.fill("[name=account]", who.account);
  await page.fill("[name=password]", who.password);
  await page.click("main button");
  if (await page.locator("[name=code]").count()) {
    await page.fill("[name=code]", totp(who.totp_secret));
    await page.click("main button");
  }
  await page.waitForLoadState();
  assert.equal(await page.locator("[name=password]").count(), 0, `${who.account} is not signed in: ${await page.innerText("main")}`);
}

/** Goes to `path` (or stays) and checks what every page must keep to; keeps pictures under `name`. */
export async function visit(visitor, path, name, { kind = "teacher" } = {}) {
  const { page } = visitor;
  if (path) {
    const answer = await page.goto(path);
    assert.ok(answer.ok(), `${path} answered ${answer.status()}`);
  }
  await check(visitor, name);
  if (path && visitor.scripts) await weigh(visitor, path, BUDGET[kind]);
}

async function check(visitor, name) {
  const { page } = visitor;
  mkdirSync(shots, { recursive: true });
  const size = page.viewportSize();
  for (const width of [1440, 360]) {
    await page.setViewportSize({ width, height: width === 360 ? 740 : 900 });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth).catch(() => 0);
    assert.ok(over <= 0, `${page.url()} is ${over} px too wide at ${width} px`);
    await page.screenshot({ path: join(shots, `${name}-${width}.png`), fullPage: true });
  }
  await page.setViewportSize(size);
  if (visitor.scripts) {
    // Through the debugging channel, which the page's content security policy does not concern.
    await page.evaluate(axe);
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    const words = found.violations.map((v) => `${v.id}: ${v.help}\n    ${v.nodes.map((n) => n.html).slice(0, 3).join("\n    ")}`);
    assert.equal(words.length, 0, `${page.url()}:\n${words.join("\n")}`);
  }
  assert.deepEqual(visitor.wrong, [], `${page.url()} complained`);
}

/** Loads `path` once more with an empty cache and adds up what comes over the wire. */
async function weigh(visitor, path, budget) {
  const { context } = visitor;
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  let bytes = 0;
  let requests = 0;
  session.on("Network.loadingFinished", (event) => {
    bytes += event.encodedDataLength;
    requests += 1;
  });
  await page.goto(path, { waitUntil: "networkidle" });
  await page.close();
  assert.ok(bytes <= budget.bytes, `${path} weighs ${bytes} bytes, at most ${budget.bytes}`);
  assert.ok(requests <= budget.requests, `${path} makes ${requests} requests, at most ${budget.requests}`);
}
