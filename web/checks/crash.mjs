// Kills the server (kill -9) in the middle of imports, of uploads, of ledger writes, of statements and of batches, starts it again,
// goes on as the people and machines would who were cut off, and looks whether everything acknowledged is there exactly once;
// then sends every form that was acknowledged once more with its key, and looks whether anything is another.
//
//   node checks/crash.mjs [ROUNDS [KIND]]      50 kills of each kind unless said otherwise
//
// Moments are drawn at random; CRASH_SEED repeats a run as far as the machine lets it.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { folder, persona, said, start } from "../tests/binary.mjs";
import { Broken, Client, newKey } from "./client.mjs";
import { batches, listener } from "./batches.mjs";
import { statements } from "./statements.mjs";

const ROUNDS = Number(process.argv[2] ?? 50);
const SCHEME = "sichuan-2020";
const ROWS = 200;
/** Times that the server gets to work off its jobs before what is found wrong counts as wrong. */
const PATIENT = 8;
const random = generator(Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000));

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function generator(seed) {
  console.log(`seed ${seed}`);
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A server that can be killed at any moment and comes back with its data. */
class Server {
  constructor(data) {
    this.data = data;
    this.kills = 0;
  }

  async up() {
    this.site = await start(this.data.path, SCHEME);
    return this.site;
  }

  async kill() {
    this.kills += 1;
    await this.site.end("SIGKILL");
    return this.up();
  }

  async down() {
    await this.site.end("SIGTERM");
  }

  /**
   * `tisheng verify`: every oracle that the data itself can answer. What follows from the ledger, such as standings, is
   * worked out by jobs: those that have not had their turn yet get it.
   */
  async verified() {
    for (let tries = 1; ; tries += 1) {
      await this.down();
      let found;
      try {
        found = said("verify", "--data", this.data.path);
      } catch (error) {
        if (tries === PATIENT) throw error;
      }
      await this.up();
      if (found) return found;
      await wait(5000);
    }
  }
}

/**
 * Does `work` with a client, kills the server after a random part of `usual` milliseconds, and does it again until it
 * ends undisturbed. `work` is written as somebody would act who does not know how far it came.
 */
async function throughKill(server, client, usual, work) {
  const killing = wait(random() * usual).then(() => server.kill());
  let result;
  let failed;
  try {
    result = await work(client);
  } catch (error) {
    failed = error;
  }
  client.at(await killing);
  if (failed && !(failed instanceof Broken)) throw failed;
  return failed ? work(client) : result;
}

/** Milliseconds that `work` takes, and what it gives. */
async function timed(work) {
  const begin = performance.now();
  const result = await work();
  return [performance.now() - begin, result];
}

/** Waits until the page at `path` is no longer about work in progress. */
async function settled(client, path) {
  for (let tries = 0; tries < 600; tries += 1) {
    const page = await client.get(path);
    assert.equal(page.status, 200, `${path} answered ${page.status}`);
    if (!/正在核对|正在导入/.test(page.text)) return page;
    await wait(25);
  }
  throw new Error(`${path} is at work without an end: ${words(await client.get(path))}\n${client.site.complaints()}`);
}

/** What the main part of a page says. */
function words(page) {
  return page.text.replace(/^.*<main/s, "<main").replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
}

/** A number of the page's statistics, such as 新增. */
function stat(page, title) {
  const found = words(page).match(new RegExp(`${title} ([0-9,]+)`));
  return found ? Number(found[1].replaceAll(",", "")) : 0;
}

/** A whole import that can be begun again at any point: its keys stay the same. */
function importing(kind, text) {
  const keys = { bring: newKey(), confirm: newKey() };
  let run;
  return async (client) => {
    run ??= (await client.bring(`/roster/${kind}`, "名册.csv", text, keys.bring)).path;
    let page = await settled(client, run);
    if (/核对通过/.test(page.text)) {
      await client.post(`${run}/confirm`, { gone: "keep", accounts: "none" }, keys.confirm);
      page = await settled(client, run);
    }
    assert.ok(/已导入/.test(page.text), `${run}: ${words(page)}`);
    return { new: stat(page, "新增"), same: stat(page, "无变化") };
  };
}

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** The number of the `n`th invented paper. */
function paper(n) {
  const pad = (value, width) => String(value).padStart(width, "0");
  const day = Math.floor(n / 1000);
  const digits = `880188${1965 + Math.floor(day / 336)}${pad(1 + (Math.floor(day / 28) % 12), 2)}${pad(1 + (day % 28), 2)}${pad(n % 1000, 3)}`;
  const sum = [...digits].reduce((all, digit, at) => all + Number(digit) * WEIGHTS[at], 0);
  return digits + "10X98765432"[sum % 11];
}

const roll = (from, count) =>
  ["姓名,证件号码,任教学科,任教学段", ...range(from, count).map((n) => `测验${paperName(n)},${paper(n)},语文,小学`)].join("\n");

const hours = (round, from, count) =>
  [
    "姓名,证件号码,平台,课程,学时类别,学时,学习日期,记录编号",
    ...range(from, count).map((n) => {
      const day = new Date(Date.UTC(2021, 0, 1 + round)).toISOString().slice(0, 10);
      return `测验${paperName(n)},${paper(n)},断电平台,课程${round},线上课程,1,${day},R${round}-${n}`;
    }),
  ].join("\n");

const range = (from, count) => Array.from({ length: count }, (_, at) => from + at);
const paperName = (n) => "甲乙丙丁戊己庚辛壬癸"[n % 10] + "安平和明清文思学春秋"[Math.floor(n / 10) % 10];

/** Rolls of teachers; the whole roll once more at the end finds everybody there and nobody new. */
async function imports(server, clerk) {
  const [usual] = await timed(() => importing("teachers", roll(0, ROWS))(clerk));
  for (let round = 1; round <= ROUNDS; round += 1) {
    const done = await throughKill(server, clerk, usual, importing("teachers", roll(round * ROWS, ROWS)));
    assert.equal(done.new, ROWS, `round ${round} took ${JSON.stringify(done)}`);
    tick();
  }
  const all = (ROUNDS + 1) * ROWS;
  const again = await importing("teachers", roll(0, all))(clerk);
  assert.deepEqual([again.new, again.same], [0, all], "the whole roll once more");
  return `${all} teachers, each once`;
}

/** Files of hours; all of them once more at the end add nothing. */
async function ledger(server, clerk) {
  const [usual] = await timed(() => importing("hours", hours(0, 0, ROWS))(clerk));
  for (let round = 1; round <= ROUNDS; round += 1) {
    const done = await throughKill(server, clerk, usual, importing("hours", hours(round, 0, ROWS)));
    assert.equal(done.new, ROWS, `round ${round} took ${JSON.stringify(done)}`);
    tick();
  }
  for (let round = 0; round <= ROUNDS; round += 1) {
    const again = await importing("hours", `${hours(round, 0, ROWS)}\n`)(clerk);
    assert.deepEqual([again.new, again.same], [0, ROWS], `hours of round ${round} once more`);
  }
  return `${(ROUNDS + 1) * ROWS} entries, each once`;
}

/** A file that is taken for a PDF, never the same twice. */
function document() {
  const filler = randomBytes(2 << 20).toString("base64").replace(/(.{70})/g, "%$1\n");
  return Buffer.from(`%PDF-1.4\n1 0 obj <</Type /Catalog>> endobj\n%${filler}\ntrailer <</Root 1 0 R>>\n%%EOF\n`);
}

const base64 = (text) => Buffer.from(text).toString("base64");

/** A resumable upload that can be gone on with at any point: it asks first how far it came. */
function uploading(submission, piece, name, bytes) {
  const tus = { "tus-resumable": "1.0.0" };
  let place;
  return async (client) => {
    if (!place) {
      const metadata = Object.entries({ filename: name, submission, piece }).map(([key, value]) => `${key} ${base64(value)}`);
      const made = await client.send("/uploads", {
        method: "POST",
        headers: { ...tus, "upload-length": String(bytes.length), "upload-metadata": metadata.join(",") },
      });
      assert.equal(made.status, 201, await made.text());
      place = made.headers.get("location");
    }
    for (;;) {
      const head = await client.send(place, { method: "HEAD", headers: tus });
      assert.equal(head.status, 200, `${place} answered ${head.status}`);
      const offset = Number(head.headers.get("upload-offset"));
      if (offset === bytes.length) return offset;
      const part = bytes.subarray(offset, offset + (256 << 10));
      const sent = await client.send(place, {
        method: "PATCH",
        headers: { ...tus, "upload-offset": String(offset), "content-type": "application/offset+octet-stream" },
        body: part,
      });
      assert.ok([204, 409, 423].includes(sent.status), `${place} answered ${sent.status}: ${await sent.text()}`);
    }
  };
}

/** Files of evidence; each is read back and compared, then taken away to make room for the next. */
async function uploads(server, teacher) {
  const [submission, piece] = await draftThatTakesDocuments(teacher);
  const sums = new Set();
  const one = async (round, disturbed) => {
    const bytes = document();
    const name = `教案${round}.pdf`;
    const work = uploading(submission, piece, name, bytes);
    await (disturbed ? throughKill(server, teacher, disturbed, work) : work(teacher));
    const page = await teacher.get(`/evidence/${submission}`);
    const files = [...page.text.matchAll(new RegExp(`/evidence/${submission}/files/([0-9a-f]+)`, "g"))].map((m) => m[1]);
    const items = [...new Set(files)];
    assert.equal(items.length, 1, `round ${round}: ${items.length} files instead of one`);
    const served = await teacher.send(`/evidence/${submission}/files/${items[0]}`);
    const sum = createHash("sha256").update(Buffer.from(await served.arrayBuffer())).digest("hex");
    assert.equal(sum, createHash("sha256").update(bytes).digest("hex"), `round ${round}: other bytes`);
    sums.add(sum);
    await teacher.post(`/evidence/${submission}/items/${items[0]}/remove`, {});
  };
  const [usual] = await timed(() => one(0));
  for (let round = 1; round <= ROUNDS; round += 1) {
    await one(round, usual);
    tick();
  }
  return `${sums.size} files, each whole and once`;
}

/** The first draft of the teacher with a piece that takes documents. */
async function draftThatTakesDocuments(teacher) {
  const list = await teacher.get("/evidence");
  const capabilities = [...list.text.matchAll(/name="capability" value="([^"]+)"/g)].map((m) => m[1]);
  for (const capability of capabilities) {
    const draft = await teacher.post("/evidence", { capability });
    const piece = [...draft.text.matchAll(/accept="([^"]*)"[^>]*data-meta-piece="([^"]+)"/g)].find((m) => m[1].includes("pdf"));
    if (piece) return [draft.path.split(/[/?#]/)[2], piece[2]];
  }
  throw new Error(`no piece takes documents: ${capabilities}`);
}

/** Statements, some of them about teachers whom a roll has made known under names that nobody else has. */
async function spoken(server, clerk) {
  const first = 600_000;
  const names = range(first, 20).map((n) => `核验${paperName(n)}`);
  const rows = names.map((name, at) => `${name},${paper(first + at)},语文,小学`);
  await importing("teachers", ["姓名,证件号码,任教学科,任教学段", ...rows].join("\n"))(clerk);
  return statements(server, ROUNDS, random, tick, names);
}

/** Batches about teachers whom a roll has made known. */
async function sent(server, clerk) {
  const first = 500_000;
  await importing("teachers", roll(first, ROWS))(clerk);
  const who = (number) => {
    const n = first + (number % ROWS);
    return { name: `测验${paperName(n)}`, paper: paper(n) };
  };
  return batches(server, hook, ROUNDS, random, tick, who);
}

/**
 * What was verified, but for how many rows of the trail and how many months: the last rows are sealed, and figures of a
 * month are kept, a moment after they are written.
 */
const unsealed = (found) => found.replace(/^audit trail: \d+/m, "audit trail").replace(/^(figures of months of \w+): \d+/gm, "$1");

function tick() {
  process.stdout.write(".");
}

// The server may speak with the listener on this machine.
const hook = await listener();
process.env.TISHENG_OUTBOUND_ALLOW = hook.host;
const data = folder();
const server = new Server(data);
await server.up();
const clerk = await new Client(server.site).signIn(persona(server.site, "clerk"));
const teacher = await new Client(server.site).signIn(persona(server.site, "teacher"));
try {
  const kinds = [
    ["imports", imports, clerk],
    ["ledger", ledger, clerk],
    ["uploads", uploads, teacher],
    ["statements", spoken, clerk],
    ["batches", sent, clerk],
  ];
  const wanted = process.argv[3];
  for (const [name, load, who] of kinds.filter(([name]) => !wanted || name === wanted)) {
    const before = server.kills;
    who.at(server.site);
    const [took, what] = await timed(() => load(server, who));
    console.log(`\n${name}: ${server.kills - before} kills, ${what}, ${Math.round(took / 1000)} s`);
    const found = await server.verified();
    console.log(found.trim().replace(/^/gm, "  "));
    const replayed = await who.at(server.site).replay();
    const again = await server.verified();
    assert.equal(unsealed(again), unsealed(found), "what was acknowledged, sent once more with its keys, changes nothing");
    console.log(`  ${replayed} forms sent once more with their keys: nothing changed`);
  }
} finally {
  await server.site.end("SIGTERM").catch(() => {});
  hook.close();
  data.remove();
}
console.log("nothing lost, nothing twice");
