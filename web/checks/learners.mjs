// What statements need to become hours: a platform's credential, courses that count, and accounts of teachers.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { persona } from "../tests/binary.mjs";
import { Client, newKey } from "./client.mjs";

const COURSES = 30;
/** Seconds within which the last statement has to be an hour. */
const PATIENCE = 120;
const HOME = "https://power.test";

/** What follows `before` in a page, up to the end of the word. */
function word(page, before) {
  const found = page.text.match(new RegExp(`${before}([A-Za-z0-9_-]+)`));
  assert.ok(found, `no ${before} in ${page.text}`);
  return found[1];
}

/** Fields of a form, some of them several times. */
function fields(single, name = "", several = []) {
  const body = new URLSearchParams({ ...single, _key: newKey() });
  for (const value of several) body.append(name, value);
  return body;
}

/** Submits fields, some of them several times. */
async function submit(client, path, body) {
  return client.follow(await client.send(path, { method: "POST", body }), path);
}

const activity = (course) => `${HOME}/course/P${course}`;

/** Courses that the institution hands in and the office lets count. */
async function catalogue(own, office, platform) {
  const ids = [];
  for (let course = 0; course < COURSES; course += 1) {
    const typed = { platform, code: `P${course}`, title: `断电课程${course}`, source: "own", summary: "断电测试" };
    const counted = { counts: "completed", hours: "0.1", pass: "", material: "", href: "" };
    const made = await own.post("/courses/new", { ...typed, ...counted, capability: "A1", activities: activity(course) });
    assert.ok(/\/courses\/[0-9a-f-]+$/.test(made.path), made.text);
    ids.push(`${made.path.split("/").at(-1)}:1`);
  }
  const approved = await submit(office, "/courses/waiting", fields({}, "course", ids));
  assert.ok(approved.text.includes(`已通过 ${COURSES} 门课程`), approved.text);
}

/** The headers of a credential that speaks for the platform, and of a token that reads its hours. */
async function credentials(own, platform) {
  const at = `/platforms/${platform}/credentials`;
  const scopes = ["statements/write", "statements/read/mine"];
  const issued = await submit(own, at, fields({ name: "断电测试", quota: "" }, "scope", scopes));
  const of = (title) => issued.text.match(new RegExp(`${title}</dt><dd>(?:<strong>)?([^<]+)`))[1];
  const pair = Buffer.from(`${of("账号（key）")}:${of("密钥（secret）")}`).toString("base64");
  const asked = fields({ name: "断电核对", platform, days: "365" }, "scope", ["hours:read"]);
  const token = await submit(own, "/tokens", asked);
  return {
    statements: {
      authorization: `Basic ${pair}`,
      "x-experience-api-version": "2.0.0",
      "content-type": "application/json",
    },
    hours: { authorization: `Bearer ts_${word(token, "<strong>ts_")}` },
  };
}

/** What somebody says who has done something about a course. */
function statement(name, verb, course, at) {
  return {
    id: randomUUID(),
    actor: { account: { homePage: HOME, name }, name },
    verb: { id: `http://adlnet.gov/expapi/verbs/${verb}` },
    object: { id: activity(course) },
    timestamp: new Date(at).toISOString(),
  };
}

/** Sends a batch until it is acknowledged. */
export async function acknowledged(server, headers, batch) {
  const body = JSON.stringify(batch);
  for (;;) {
    try {
      const answer = await fetch(`${server.site.address}/xapi/statements`, { method: "POST", headers, body });
      const text = await answer.text();
      if (answer.status === 429) {
        await wait(1000);
        continue;
      }
      assert.equal(answer.status, 200, text);
      return batch;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      // Nobody knows whether it was done: the same once more, when the server is there again.
      await wait(20);
    }
  }
}

/** The office says whose each account is; gives the teacher of each name. */
async function matched(server, office, headers, names) {
  const begin = Date.UTC(2021, 0, 4, 2);
  await acknowledged(server, headers, names.map((name) => statement(name, "initialized", 0, begin)));
  const teachers = new Map();
  for (const name of names) {
    let found;
    for (let tries = 0; !found && tries < 400; tries += 1) {
      const list = await office.get(`/learners?q=${encodeURIComponent(name)}`);
      found = list.text.match(/\/learners\/[0-9a-f-]{32,36}/)?.[0];
      if (!found) await wait(50);
    }
    assert.ok(found, `the account of ${name} has not come`);
    const person = word(await office.get(found), 'name="person" value="');
    const done = await office.post(`${found}/decide`, { do: "match", person });
    assert.equal(done.status, 200, done.text);
    teachers.set(person, name);
  }
  return teachers;
}

/** Prepares everything for the teachers called `names`. */
export async function prepared(server, names) {
  const own = await new Client(server.site).signIn(persona(server.site, "institution"));
  const office = await new Client(server.site).signIn(persona(server.site, "province"));
  const platform = word(await own.get("/platforms"), 'href="/platforms/');
  await catalogue(own, office, platform);
  const headers = await credentials(own, platform);
  return { headers, names, teachers: await matched(server, office, headers.statements, names), pairs: new Set() };
}

/** The `number`th completion: a teacher and a course, again and again with other ids. */
export function completion(learning, number) {
  const { names, pairs } = learning;
  const name = names[number % names.length];
  const course = Math.floor(number / names.length) % COURSES;
  const minutes = (Math.floor(number / (names.length * COURSES)) * 37) % 600;
  // All of them before the day of the demonstration.
  const said = statement(name, "completed", course, Date.UTC(2021, 1, 1 + course, 1, minutes));
  return { said, done: () => pairs.add(`${name} 断电课程${course}`) };
}

/** Every line that stands of the platform, as teacher and course, with how often. */
async function lines(server, learning) {
  const found = new Map();
  let after = "";
  do {
    const at = `${server.site.address}/api/v1/hours?limit=500&after=${after}`;
    const answer = await fetch(at, { headers: learning.headers.hours });
    if (answer.status === 429) {
      await wait(1000);
      continue;
    }
    const page = await answer.json();
    assert.equal(answer.status, 200, JSON.stringify(page));
    for (const { person, title, reversed } of page.items) {
      const key = `${learning.teachers.get(person.replaceAll("-", "")) ?? learning.teachers.get(person)} ${title}`;
      if (!reversed && title.startsWith("断电课程")) found.set(key, (found.get(key) ?? 0) + 1);
    }
    after = page.next;
  } while (after);
  return found;
}

/** Waits until every completion that was acknowledged is an hour, and looks whether each is one once. */
export async function counted(server, learning) {
  let found = new Map();
  const missing = () => [...learning.pairs].filter((pair) => !found.has(pair));
  for (let second = 0; second < PATIENCE; second += 1) {
    found = await lines(server, learning);
    if (missing().length === 0) break;
    await wait(1000);
  }
  assert.deepEqual(missing(), [], "acknowledged as completed, and no hour in the ledger");
  const wrong = [...found].filter(([pair, times]) => times !== 1 || !learning.pairs.has(pair));
  assert.deepEqual(wrong, [], "not exactly one hour for a completion that was acknowledged");
  return found.size;
}
