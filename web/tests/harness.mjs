// What browser tests stand on: the binary with a demonstration, a Chromium, people who sign in, and looks at pages
// that measure what every page must keep to.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { totp } from "./binary.mjs";

export { demonstration, persona, totp } from "./binary.mjs";

const here = new URL("..", import.meta.url).pathname;
const axe = readFileSync(join(here, "node_modules/axe-core/axe.min.js"), "utf8");
const shots = join(here, "shots");

/** Bytes and requests of one page with an empty cache. */
const BUDGET = { teacher: { bytes: 60 * 1024, requests: 6 }, office: { bytes: 200 * 1024, requests: 12 } };

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

/** Signs in as a person would, second factor included. */
export async function signIn(visitor, who) {
  const { page } = visitor;
  await page.goto("/sign-in");
  await page.fill("[name=account]", who.account);
  await page.fill("[name=password]", who.password);
  await page.click("main button");
  const code = page.locator("[name=code]");
  for (let tries = 0; tries < 2 && (await code.count()); tries += 1) {
    // A code counts once: whoever signs in again within its thirty seconds waits for the next.
    if (tries) await page.waitForTimeout(30_500 - (Date.now() % 30_000));
    await code.fill(totp(who.totp_secret));
    await page.click("main button");
    await page.waitForLoadState();
  }
  await page.waitForLoadState();
  assert.equal(await page.locator("[name=password], [name=code]").count(), 0, `${who.account} is not signed in: ${await page.innerText("main")}`);
}

/** Goes to `path` (or stays) and checks what every page must keep to; keeps pictures under `name`. With `seen`, pages
    whose every part was part of a page before are spared the slow looks: accessibility, both widths and pictures. */
export async function visit(visitor, path, name, { kind = "teacher", seen } = {}) {
  const weight = path ? await weighing(visitor, () => open(visitor, path)) : null;
  const isKnown = seen && (await parts(visitor)).every((part) => seen.has(part));
  if (!isKnown) {
    await shoot(visitor, name);
    await measure(visitor);
  }
  assert.deepEqual(visitor.wrong, [], `${visitor.page.url()} complained`);
  if (weight) {
    const budget = BUDGET[kind];
    assert.ok(weight.bytes <= budget.bytes, `${path} weighs ${weight.bytes} bytes, at most ${budget.bytes}`);
    assert.ok(weight.requests <= budget.requests, `${path} makes ${weight.requests} requests, at most ${budget.requests}`);
  }
}

/** What the page at hand is made of: how each element is marked up, where it stands, whether it says something and
    whether what it refers to is there; the order of the headings; names that stand twice. */
export async function parts({ page }) {
  return page.evaluate(() => {
    const markup = (e) => (e ? `${e.localName}.${[...e.classList].sort().join(".")}` : "");
    const valued = ["role", "type", "scope", "style", "lang", "tabindex"];
    const references = ["for", "aria-labelledby", "aria-describedby", "aria-controls"];
    const attribute = (e, name) => {
      const value = e.getAttribute(name);
      if (valued.includes(name)) return `${name}=${value}`;
      if (references.includes(name)) return `${name} ${value.split(" ").every((id) => document.getElementById(id)) ? "leads" : "misses"}`;
      return `${name} ${value.trim() ? "" : "empty"}`;
    };
    const found = new Set([document.title ? "a title" : "no title"]);
    const ids = new Set();
    for (const e of document.querySelectorAll("body *")) {
      const about = e.getAttributeNames().filter((name) => name !== "class").sort().map((name) => attribute(e, name));
      const above = [e.parentElement, e.parentElement?.parentElement, e.parentElement?.parentElement?.parentElement];
      found.add([...above.map(markup).reverse(), markup(e), ...about, e.textContent.trim() ? "text" : "no text"].join(" "));
      if (e.id && ids.has(e.id)) found.add(`two of ${e.id}`);
      ids.add(e.id);
    }
    const order = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((e) => e.localName);
    found.add(order.filter((heading, at) => heading !== order[at - 1]).join(" "));
    return [...found];
  });
}

async function open(visitor, path) {
  const answer = await visitor.page.goto(path);
  assert.ok(answer.ok(), `${path} answered ${answer.status()}`);
}

/** Takes pictures of the page at hand at both widths; nothing may stand out at the side. */
async function shoot(visitor, name) {
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
}

/** No violation of accessibility rules. */
async function measure({ page, scripts }) {
  if (!scripts) return;
  // Through the debugging channel, which the page's content security policy does not concern.
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const words = found.violations.map((v) => `${v.id}: ${v.help}\n    ${v.nodes.map((n) => n.html).slice(0, 3).join("\n    ")}`);
  assert.equal(words.length, 0, `${page.url()}:\n${words.join("\n")}`);
}

/** What comes over the wire while `opening` goes on, with an empty cache. */
async function weighing(visitor, opening) {
  const { context, page } = visitor;
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  const weight = { bytes: 0, requests: 0 };
  // What a work consists of is its author's, and so is what a frame shows of it: the page itself is weighed.
  const main = await session.send("Page.getFrameTree").then((tree) => tree.frameTree.frame.id);
  const foreign = new Set();
  session.on("Network.requestWillBeSent", (event) => {
    // The browser's own viewer of documents is no page of ours; the policy of pages lets no other address in.
    const isOurs = event.request.url.startsWith("http") && !/\/files\//.test(event.request.url);
    if (event.frameId !== main || !isOurs) foreign.add(event.requestId);
  });
  session.on("Network.loadingFinished", (event) => {
    if (foreign.has(event.requestId)) return;
    weight.bytes += event.encodedDataLength;
    weight.requests += 1;
  });
  await opening();
  await page.waitForLoadState("load");
  await session.detach();
  return weight;
}
