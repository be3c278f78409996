// Statements sent to the record store over several connections while the server is killed: each is sent with an id of its
// own until it is acknowledged, and in the end every one of them is there once; and every teacher's completion of a course
// that was acknowledged is one hour of the ledger.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { said } from "../tests/binary.mjs";
import { acknowledged, completion, counted, prepared } from "./learners.mjs";

const SENDERS = 8;
/** Of those who say that a course was completed. */
const LEARNING = 2;
const BATCH = 3;

/** Makes a credential for everything in the folder `data`; gives the headers of its requests. */
function credential(data) {
  const order = ["lrs", "credential", "create", "--data", data, "--name", "断电测试", "--scope", "all", "--rate", "100000"];
  const made = said(...order);
  const [, key, secret] = made.match(/key (\S+)\nsecret (\S+)/);
  return {
    authorization: `Basic ${Buffer.from(`${key}:${secret}`).toString("base64")}`,
    "x-experience-api-version": "2.0.0",
    "content-type": "application/json",
  };
}

/** One invented statement; some of them describe an activity or refer to another statement. */
function statement(id, number, target) {
  const object =
    number % 5 === 0 && target
      ? { objectType: "StatementRef", id: target }
      : { id: `https://learning.test/lesson/${number % 7}`, definition: { name: { zh: `第${number % 11}课` } } };
  return {
    id,
    actor: { account: { homePage: "https://learning.test", name: `s${number % 13}` } },
    verb: { id: "http://adlnet.gov/expapi/verbs/completed" },
    object,
  };
}

/** Says of teachers that they have completed courses until `state.stop`. */
async function learner(server, learning, state) {
  while (!state.stop) {
    const batch = Array.from({ length: BATCH }, () => completion(learning, (state.completions += 1)));
    const sent = await acknowledged(server, learning.headers.statements, batch.map((one) => one.said));
    for (const { done } of batch) done();
    for (const { id } of sent) state.acknowledged.add(id);
  }
}

/** Sends batches until `state.stop`; what the server has acknowledged goes into `state.acknowledged`. */
async function sender(server, headers, state) {
  while (!state.stop) {
    const batch = Array.from({ length: BATCH }, () => statement(randomUUID(), (state.count += 1), state.last));
    const body = JSON.stringify(batch);
    for (;;) {
      const site = server.site;
      try {
        const answer = await fetch(`${site.address}/xapi/statements`, { method: "POST", headers, body });
        const text = await answer.text();
        assert.equal(answer.status, 200, text);
        break;
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        // Nobody knows whether it was done: the same once more, when the server is there again.
        await wait(20);
      }
    }
    for (const { id } of batch) state.acknowledged.add(id);
    state.last = batch[0].id;
  }
}

/** Every id in the store with how often it is found on a walk over all pages. */
async function walk(site, headers) {
  const found = new Map();
  let next = "/xapi/statements?ascending=true&format=ids";
  while (next) {
    const answer = await fetch(site.address + next, { headers });
    const page = await answer.json();
    assert.equal(answer.status, 200, JSON.stringify(page));
    for (const { id } of page.statements) found.set(id, (found.get(id) ?? 0) + 1);
    next = page.more;
  }
  return found;
}

/**
 * Kills the server `rounds` times under the load of all senders, some of whom speak of the teachers called `names`; gives
 * what came of it in words.
 */
export async function statements(server, rounds, random, tick, names) {
  const headers = credential(server.data.path);
  const learning = await prepared(server, names);
  const before = (await walk(server.site, headers)).size;
  const state = { acknowledged: new Set(), count: 0, completions: -1, last: undefined, stop: false };
  const senders = Array.from({ length: SENDERS }, () => sender(server, headers, state));
  const learners = Array.from({ length: LEARNING }, () => learner(server, learning, state));
  const load = Promise.all([...senders, ...learners]);
  for (let round = 1; round <= rounds; round += 1) {
    await Promise.race([wait(50 + random() * 400), load]);
    await server.kill();
    tick();
  }
  state.stop = true;
  await load;
  const found = await walk(server.site, headers);
  const missing = [...state.acknowledged].filter((id) => found.get(id) !== 1);
  assert.deepEqual(missing, [], "acknowledged and not there once");
  assert.equal(found.size - before, state.acknowledged.size, "there, but not acknowledged in the end");
  const hours = await counted(server, learning);
  return `${state.acknowledged.size} statements, each once; ${hours} courses completed, each one hour`;
}
