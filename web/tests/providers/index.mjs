// Sign-in services that others have written, on ports of this machine: oidc-provider from npm, django-cas-server from
// PyPI.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as listen } from "node:net";
import { join } from "node:path";
import Provider from "oidc-provider";

const here = new URL(".", import.meta.url).pathname;
const venv = join(here, "../../../target/cas-venv");

/** A port that is free at this moment. */
export async function port() {
  const server = listen();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const found = server.address().port;
  await new Promise((done) => server.close(done));
  return found;
}

/** oidc-provider at `port` for one client; `claims` are what it says of everybody. */
export async function oidc(port, { client, secret, redirect, leaving, claims }) {
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [{ client_id: client, client_secret: secret, redirect_uris: [redirect], post_logout_redirect_uris: [leaving] }],
    claims: { openid: ["sub"], profile: ["name"], phone: ["phone_number", "phone_number_verified"] },
    cookies: { keys: ["for one test"] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: `云上${id}`, ...claims }) }),
  });
  const server = createServer(provider.callback());
  await new Promise((done) => server.listen(port, "127.0.0.1", done));
  return () => new Promise((done) => (server.close(done), server.closeAllConnections()));
}

/** django-cas-server at `port` for the services that begin with `service`, with one user. */
export async function cas(port, { service, user, password, attributes }) {
  const python = join(venv, "bin/python");
  if (!existsSync(join(venv, "ready"))) {
    execFileSync("python3", ["-m", "venv", "--clear", venv]);
    execFileSync(python, ["-m", "pip", "install", "--quiet", "--no-deps", "--requirement", join(here, "requirements.txt")]);
    execFileSync("touch", [join(venv, "ready")]);
  }
  const pairs = Object.entries(attributes).map(([name, value]) => `${name}=${value}`);
  const child = spawn(python, [join(here, "cas.py"), String(port), service, user, password, ...pairs], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let complaints = "";
  child.stderr.on("data", (chunk) => (complaints += chunk));
  const ended = new Promise((done) => child.on("exit", done));
  const ready = new Promise((done) => child.stdout.once("data", () => done("ready")));
  assert.equal(await Promise.race([ready, ended]), "ready", complaints);
  return async () => {
    child.kill("SIGTERM");
    await ended;
  };
}
