// The client of resumable uploads against a server that breaks off, forgets and refuses.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { NotSent, send } from "../js/tus.js";

const MIB = 1 << 20;
/** What the server has, by address; what it does with the next requests before it is well again. */
let uploads, trouble, asked;

/** As much of a browser's request as the client uses, answered by a server in this process. */
class Request {
  headers = {};
  upload = {};
  open(method, url) {
    Object.assign(this, { method, url });
  }
  setRequestHeader(name, value) {
    this.headers[name.toLowerCase()] = String(value);
  }
  getResponseHeader(name) {
    return this.answered?.[name.toLowerCase()] ?? null;
  }
  async send(body) {
    asked.push(`${this.method} ${this.headers["upload-offset"] ?? ""}`.trim());
    const bytes = body ? new Uint8Array(await body.arrayBuffer()) : new Uint8Array();
    const wrong = trouble.shift();
    if (wrong?.keeps) uploads.get(this.url).push(...bytes.slice(0, wrong.keeps));
    if (wrong?.breaks) return this.onerror();
    const [status, headers, text] = wrong ? [wrong.status, wrong.headers ?? {}, wrong.text ?? ""] : this.serve(bytes);
    Object.assign(this, { status, answered: { "tus-resumable": "1.0.0", ...headers }, responseText: text });
    if (wrong?.foreign) this.answered = {};
    this.onload();
  }
  serve(bytes) {
    if (this.method === "POST") {
      const location = `/uploads/${uploads.size + 1}`;
      uploads.set(location, []);
      return [201, { location }, ""];
    }
    const held = uploads.get(this.url);
    if (!held) return [404, {}, ""];
    if (this.method === "HEAD") return [200, { "upload-offset": String(held.length) }, ""];
    if (Number(this.headers["upload-offset"]) !== held.length) return [409, {}, "续传位置不一致"];
    for (const byte of bytes) held.push(byte);
    return [204, { "upload-offset": String(held.length) }, ""];
  }
}

beforeEach(() => {
  [uploads, trouble, asked] = [new Map(), [], []];
  globalThis.XMLHttpRequest = Request;
  const kept = new Map();
  globalThis.localStorage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
    kept,
  };
  // The waits between tries pass at once.
  globalThis.setTimeout = (then) => queueMicrotask(then);
});

const film = (size) => {
  const bytes = Uint8Array.from({ length: size }, (_, at) => at % 251);
  return Object.assign(new Blob([bytes]), { lastModified: 1, bytes });
};
const arrived = (url, file) => assert.deepEqual(Uint8Array.from(uploads.get(url)), file.bytes);

test("a file goes in parts and nothing of it is remembered afterwards", async () => {
  const file = film(2 * MIB + 5);
  const seen = [];
  await send("/uploads", file, { filename: "课堂.mp4" }, (sent) => seen.push(sent));
  arrived("/uploads/1", file);
  assert.deepEqual(asked, ["POST", "PATCH 0", `PATCH ${MIB}`, `PATCH ${2 * MIB}`]);
  assert.equal(seen.at(-1), file.size);
  assert.equal(localStorage.kept.size, 0);
});

test("what arrived before the line broke is not sent again", async () => {
  const file = film(MIB + 5);
  trouble = [undefined, { breaks: true, keeps: 1000 }, { breaks: true }];
  await send("/uploads", file, {}, () => {});
  arrived("/uploads/1", file);
  assert.deepEqual(asked, ["POST", "PATCH 0", "HEAD", "HEAD", "PATCH 1000"]);
});

test("an upload goes on after the page was closed, and begins anew where the server has forgotten it", async () => {
  const file = film(MIB + 5);
  const broken = Array.from({ length: 20 }, () => ({ breaks: true }));
  trouble = [undefined, undefined, ...broken];
  await assert.rejects(send("/uploads", file, {}, () => {}), NotSent);
  [trouble, asked] = [[], []];
  await send("/uploads", file, {}, () => {});
  arrived("/uploads/1", file);
  assert.deepEqual(asked, ["HEAD", `PATCH ${MIB}`]);

  trouble = [undefined, ...broken];
  await assert.rejects(send("/uploads", file, {}, () => {}), NotSent);
  uploads.clear();
  [trouble, asked] = [[], []];
  await send("/uploads", file, {}, () => {});
  assert.deepEqual(asked.slice(0, 2), ["HEAD", "POST"]);
});

test("a refusal is told in the server's words and ends it", async () => {
  trouble = [undefined, { status: 422, text: "文件含有宏" }];
  await assert.rejects(send("/uploads", film(5), {}, () => {}), { message: "文件含有宏" });
  assert.equal(localStorage.kept.size, 0);
  trouble = [{ status: 404, text: "<!doctype html>" }];
  await assert.rejects(send("/uploads", film(5), {}, () => {}), { message: "" });
});

test("whoever was signed out goes on later from the same place", async () => {
  trouble = [undefined, { status: 200, foreign: true }];
  await assert.rejects(send("/uploads", film(5), {}, () => {}), /登录已过期/);
  assert.equal(localStorage.kept.size, 1);
});
