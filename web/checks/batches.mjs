// Batches of hours sent to the API over several connections while the server is killed, and a listener that is told of
// them: each batch is sent under its own key until it is acknowledged; in the end every row of it is there once, and the
// listener has been told of every one that stands, each message under one number however often it came.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { Client, newKey } from "./client.mjs";
import { persona } from "../tests/binary.mjs";

const SENDERS = 4;
const BATCH = 8;
/** Seconds within which the last message has to arrive. */
const PATIENCE = 60;

/** A system that listens; `allow` is what the server's `outbound.allow` has to name. */
export async function listener() {
  const told = { messages: new Map(), rows: new Set(), times: 0 };
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      const id = request.headers["webhook-id"];
      const known = told.messages.get(id);
      if (known !== undefined && known !== body) told.changed = id;
      told.messages.set(id, body);
      told.times += 1;
      for (const row of JSON.parse(body).data.rows) told.rows.add(row.id);
      response.writeHead(204).end();
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const host = `127.0.0.1:${server.address().port}`;
  return { told, host, close: () => server.close() };
}

/** What follows `before` in a page, up to the end of the word. */
function word(page, before) {
  const found = page.text.match(new RegExp(`${before}([A-Za-z0-9_-]+)`));
  assert.ok(found, `no ${before} in ${page.text}`);
  return found[1];
}

/** Makes a token and a listener for the platform of an institution; gives the headers of the token's requests. */
async function prepared(server, hook) {
  const client = await new Client(server.site).signIn(persona(server.site, "institution"));
  const platform = word(await client.get("/platforms"), 'href="/platforms/');
  const scopes = new URLSearchParams({ name: "断电测试", platform, days: "365", _key: newKey() });
  for (const scope of ["hours:write", "hours:read"]) scopes.append("scope", scope);
  const issued = await client.follow(await client.send("/tokens", { method: "POST", body: scopes }), "/tokens");
  const token = `ts_${word(issued, "<strong>ts_")}`;
  const events = new URLSearchParams({ name: "断电测试", platform, url: `http://${hook.host}/hook`, _key: newKey() });
  for (const event of ["hours.entered", "hours.waiting"]) events.append("event", event);
  const made = await client.follow(await client.send("/webhooks", { method: "POST", body: events }), "/webhooks");
  assert.ok(/只显示这一次/.test(made.text), made.text);
  return { authorization: `Bearer ${token}`, "content-type": "application/json" };
}

/** One invented row of a day before that of the demonstration; half of them about somebody who is nobody. */
function row(number, who) {
  const day = new Date(Date.UTC(2021, 0, 1 + (number % 50))).toISOString().slice(0, 10);
  const person = number % 2 ? who(number) : { name: "查无此人", phone: "13900000099" };
  return { id: `b-${number}-${randomUUID().slice(0, 8)}`, person, title: "断电测试课程", hours: "0.01", date: day };
}

/** Sends `body` until it is acknowledged. */
async function acknowledged(server, headers, body) {
  for (;;) {
    const site = server.site;
    try {
      const answer = await fetch(`${site.address}/api/v1/hours`, { method: "POST", headers, body });
      const text = await answer.text();
      if (answer.status === 429 || answer.status === 503) {
        await wait(1000);
        continue;
      }
      assert.equal(answer.status, 200, text);
      return JSON.parse(text);
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      // Nobody knows whether it was done: the same once more, when the server is there again.
      await wait(20);
    }
  }
}

/** Sends batches until `state.stop`; what was answered to each row goes into `state.rows`. */
async function sender(server, headers, state, who) {
  while (!state.stop) {
    const rows = Array.from({ length: BATCH }, () => row((state.count += 1), who));
    const body = JSON.stringify({ rows });
    const keyed = { ...headers, "idempotency-key": randomUUID() };
    const answer = await acknowledged(server, keyed, body);
    answer.rows.forEach((told, at) => state.rows.set(told.id, { outcome: told.outcome, row: rows[at] }));
  }
}

/** Every number that stands in the ledger with how often. */
async function walk(server, headers) {
  const found = new Map();
  let after = "";
  do {
    const answer = await fetch(`${server.site.address}/api/v1/hours?limit=500&after=${after}`, { headers });
    if (answer.status === 429) {
      await wait(1000);
      continue;
    }
    const page = await answer.json();
    assert.equal(answer.status, 200, JSON.stringify(page));
    for (const { id } of page.items) found.set(id, (found.get(id) ?? 0) + 1);
    after = page.next;
  } while (after);
  return found;
}

/** Kills the server `rounds` times under the load of all senders; gives what came of it in words. */
export async function batches(server, hook, rounds, random, tick, who) {
  const headers = await prepared(server, hook);
  const state = { rows: new Map(), count: 0, stop: false };
  const load = Promise.all(Array.from({ length: SENDERS }, () => sender(server, headers, state, who)));
  for (let round = 1; round <= rounds; round += 1) {
    await Promise.race([wait(50 + random() * 400), load]);
    await server.kill();
    tick();
  }
  state.stop = true;
  await load;
  const stands = await walk(server, headers);
  const entered = [...state.rows].filter(([, told]) => told.outcome === "entered").map(([id]) => id);
  assert.ok(entered.length > 0, "nothing was entered");
  const wrong = entered.filter((id) => stands.get(id) !== 1);
  assert.deepEqual(wrong, [], "acknowledged and not there once");
  // All of it once more, without a key: nothing is entered that was not.
  const all = [...state.rows.values()].map((told) => told.row);
  for (let at = 0; at < all.length; at += 500) {
    const again = await acknowledged(server, headers, JSON.stringify({ rows: all.slice(at, at + 500) }));
    assert.equal(again.tally.entered, 0, "the same rows once more were entered");
    assert.equal(again.tally.refused, 0);
  }
  assert.equal([...(await walk(server, headers)).values()].filter((times) => times !== 1).length, 0);
  const missing = () => [...state.rows.keys()].filter((id) => !hook.told.rows.has(id));
  for (let second = 0; second < PATIENCE && missing().length > 0; second += 1) await wait(1000);
  assert.deepEqual(missing(), [], "the listener was not told");
  assert.equal(hook.told.changed, undefined, "a message came with another content");
  const { messages, times } = hook.told;
  return `${state.rows.size} rows, ${entered.length} of them entered, each once; ${messages.size} messages told in ${times} requests`;
}
