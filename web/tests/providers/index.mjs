// Sign-in services that others have written, on ports of this machine: oidc-provider from npm, django-cas-server from
// PyPI.
import { createServer } from "node:http";
import { createServer as listen } from "node:net";
import Provider from "oidc-provider";
import { python } from "./python.mjs";

/** A port that is free at this moment. */
export async function port() {
  const server = listen();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const found = server.address().port;
  await new Promise((done) => server.close(done));
  return found;
}

/** A port that is free at this moment, with the next one. */
export async function ports() {
  for (;;) {
    const [found, server] = [await port(), listen()];
    const is_free = await new Promise((done) => {
      server.once("error", () => done(false));
      server.listen(found + 1, "127.0.0.1", () => server.close(() => done(true)));
    });
    if (is_free) return [found, found + 1];
  }
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
  const pairs = Object.entries(attributes).map(([name, value]) => `${name}=${value}`);
  return python("cas-venv", "requirements.txt", "cas.py", String(port), service, user, password, ...pairs);
}
