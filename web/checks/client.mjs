// Somebody at work without a browser: cookies, forms with their keys, files. A request that breaks off because the
// server was killed says so by `Broken`; whoever sends it again does so with the same key.
import { randomUUID } from "node:crypto";
import { totp } from "../tests/binary.mjs";

/** Milliseconds for which a code of the second factor is good. */
const STEP = 30_000;

/** The connection broke off: nobody knows whether the request was done. */
export class Broken extends Error {}

export class Client {
  constructor(site) {
    this.site = site;
    this.cookies = new Map();
    this.acknowledged = [];
  }

  /** Goes on at a site that was started again. */
  at(site) {
    this.site = site;
    return this;
  }

  /** Sends a request as it is, keeping cookies and following nothing. */
  async send(path, { headers = {}, ...rest } = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const origin = this.site.address;
    const answer = await fetch(origin + path, {
      redirect: "manual",
      ...rest,
      headers: { ...headers, cookie, origin, connection: "close" },
    }).catch((error) => {
      throw new Broken(String(error.cause ?? error));
    });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split(/=(.*)/s);
      this.cookies.set(name, value);
    }
    return answer;
  }

  /** Opens `path`, following redirects: status, address, text. */
  async get(path) {
    return this.follow(await this.send(path), path);
  }

  /** Submits a form; `key` makes the second sending of the same form harmless. */
  async post(path, fields, key = newKey()) {
    return this.submit(path, () => new URLSearchParams({ ...fields, _key: key }));
  }

  /** Submits a form with a file. */
  async bring(path, name, bytes, key = newKey()) {
    return this.submit(path, () => {
      const body = new FormData();
      body.set("_key", key);
      body.set("file", new Blob([bytes]), name);
      return body;
    });
  }

  async submit(path, body) {
    const answer = await this.send(path, { method: "POST", body: body() });
    this.acknowledged.push({ path, body, said: said(answer) });
    return this.follow(answer, path);
  }

  /** Sends every form that was acknowledged once more, with its key: each is answered as before. Says how many. */
  async replay() {
    const all = this.acknowledged;
    for (const { path, body, said: before } of all) {
      const again = said(await this.send(path, { method: "POST", body: body() }));
      if (again !== before) throw new Error(`${path} answered ${before}, and sent once more ${again}`);
    }
    this.acknowledged = [];
    return all.length;
  }

  async follow(answer, path) {
    let at = path;
    while (answer.status === 303) {
      at = answer.headers.get("location");
      answer = await this.send(at);
    }
    const text = await answer.text().catch((error) => {
      throw new Broken(String(error));
    });
    return { status: answer.status, path: at, text };
  }

  /** Signs in, second factor included. */
  async signIn(who) {
    let page = await this.post("/sign-in", { account: who.account, password: who.password });
    if (page.path.startsWith("/sign-in/code")) {
      page = await this.post("/sign-in/code", { code: totp(who.totp_secret) });
    }
    // No code counts twice: whoever signed in a moment ago waits for the next one.
    if (page.path.startsWith("/sign-in/code")) {
      await new Promise((after) => setTimeout(after, STEP - (Date.now() % STEP)));
      page = await this.post("/sign-in/code", { code: totp(who.totp_secret) });
    }
    if (page.path.startsWith("/sign-in")) throw new Error(`${who.account} cannot sign in: ${page.text}`);
    this.acknowledged = [];
    return this;
  }
}

/** What an answer says: its status and where it leads. */
function said(answer) {
  return `${answer.status} ${answer.headers.get("location") ?? ""}`;
}

/** A key for a form. */
export function newKey() {
  return randomUUID().replaceAll("-", "");
}
