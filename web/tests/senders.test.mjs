// Three learning platforms that really send: one by a record store, one as a learning tool, one by its own files. Each
// hour stands in the teacher's statement once, what nobody can place is placed by a clerk, and the month adds up.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, demonstration, persona, signIn, visit, visitor } from "./harness.mjs";
import { ports } from "./providers/index.mjs";
import { file, store, teaching, told } from "./senders/senders.mjs";
import { bring, press, says } from "./story/office.mjs";

const SCHEME = "sichuan-2020";
const MONTH = "2021-03";

let chrome;
let site;
let senders;
let lesson;
let listen;

before(async () => {
  // The demonstration registers its tool at the port after its own.
  const [port] = await ports();
  listen = ["--listen", `127.0.0.1:${port}`];
  [chrome, site] = await Promise.all([browser(), demonstration(SCHEME, ...listen)]);
  senders = told(site.data, SCHEME);
  lesson = await teaching(senders, site.address, site.data);
});

after(async () => {
  await chrome?.close();
  await lesson?.stop();
  await site?.stop();
});

/** Somebody of the demonstration, signed in. */
async function person(role, nth = 0, how = {}) {
  const one = await visitor(chrome, site, how);
  await signIn(one, persona(site, role, nth));
  return one;
}

/** The page of the platform called `name`; gives its path. */
async function toPlatform({ page }, name) {
  await page.goto("/platforms");
  await page.click(`main a:text-is("${name}")`);
  return new URL(page.url()).pathname;
}

/** Looks at the teacher's statement until it has a line about `title`; gives the milliseconds that took. */
async function arrived({ page }, title) {
  const begun = performance.now();
  for (;;) {
    await page.goto("/hours");
    if ((await says(page)).includes(title)) return Math.round(performance.now() - begun);
    assert.ok(performance.now() - begun < 60_000, `${title} does not arrive: ${await says(page)}`);
  }
}

/** How many records and hours the sheet of the month shows for `side`. */
async function sums({ page }, side) {
  const cells = page.locator(`tr:has(th:text-is("${side}")) td`);
  return (await cells.allInnerTexts()).map((text) => text.trim());
}

test("hours come from a record store, a tool and a file, each once, and both sides agree on the month", async (t) => {
  const took = (what, milliseconds) => t.diagnostic(`${what}: ${milliseconds} ms until it stood in the statement`);
  const teacher = await person("teacher", 0, { phone: true });
  const clerk = await person("clerk");
  const office = await person("province");

  // The tool: the teacher opens a course of its platform in it.
  const launched = await launch(teacher, "案例");
  await teacher.page.click("button:text-is('Hand in')");
  await teacher.page.waitForSelector("#said");
  teacher.wrong.length = 0;
  took("by a tool", await arrived(teacher, launched));

  // The record store: the platform has names of its own for people, so the first time somebody says who it is.
  const ofStore = await person("institution", 0);
  const sender = store(senders, site.address, `${MONTH}-05`);
  const [first, second] = await titles(ofStore, senders.store.platform, ["入门", "工作坊"]);
  const [begun, , timed] = senders.store.courses;
  await sender.says({ name: "u-4711", called: "教师甲子", verb: "completed", object: begun, minutes: 45 });
  await match(office, "u-4711", "教师甲子", "马尔康市演示第一小学");
  took("by the record store, once the account was matched", await arrived(teacher, first));
  await sender.says({ name: "u-4711", called: "教师甲子", verb: "terminated", object: timed, minutes: 45 });
  took("by the record store", await arrived(teacher, second));
  await visit(teacher, "/hours", "senders-hours");

  // The file: with the platform's own titles. It has no numbers of papers, so somebody says who is meant, also where a
  // name is not as it is in the roll.
  const [who, school] = senders.file.teacher;
  const row = (name, number, hours) => ({ name, school, title: "课堂观察研修", hours, day: `${MONTH}-06`, number });
  const brought = (hours) => file(senders, "研修.csv", [row(who, "Y-1", hours), row("教师甲紫", "Y-2", "2")]);
  const choose = async ({ page }) => page.selectOption("[name=origin]", { label: senders.file.platform });
  await bring(clerk, "hours", { wrong: brought("一节半"), findings: [/学时/], right: brought("1.5"), shot: "senders-file", choose });
  for (const called of ["教师甲子", "教师甲紫"]) {
    await visit(clerk, "/hours/waiting?state=parked", "senders-parked", { kind: "office" });
    const row = clerk.page.locator("main tr", { hasText: called });
    assert.equal(await row.count(), 1, await says(clerk.page));
    await row.getByRole("link").last().click();
    await visit(clerk, null, "senders-match");
    await chosen(clerk.page, "教师甲子", "马尔康市演示第一小学");
  }
  took("by a file, once its rows were matched", await arrived(teacher, "课堂观察研修"));

  await dispute(teacher, clerk, first);
  await adds(ofStore, office, sender);
});

/** Opens a course with this word in its title in its tool; gives the title. */
async function launch({ page, wrong }, word) {
  await page.goto(`/courses?q=${encodeURIComponent(word)}`);
  const all = await page.locator("main table a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  for (const course of all) {
    await page.goto(course);
    if (!(await page.locator(`a[href="${course}/launch"]`).count())) continue;
    const title = await page.innerText("h1");
    await page.click("a:text-is('去平台学习')");
    await page.waitForSelector("#said");
    wrong.length = 0;
    return title;
  }
  return assert.fail(`none of ${all.length} courses leads to a tool`);
}

/** The titles of the platform's courses with these words. */
async function titles({ page }, name, words) {
  await page.goto("/courses");
  const all = await page.locator("main table a").allInnerTexts();
  return words.map((word) => all.find((title) => title.includes(word)) ?? assert.fail(`${name} has no ${word}: ${all}`));
}

/** The office says whose account of a platform it is. */
async function match({ page, ...rest }, account, name, school) {
  const row = page.locator("main tr", { hasText: account });
  for (let looks = 0; looks < 100 && !(await row.count()); looks += 1) {
    await page.goto(`/learners?q=${encodeURIComponent(account)}`);
  }
  assert.ok(await row.count(), await says(page));
  await row.getByRole("link", { name: /处理/ }).click();
  await visit({ page, ...rest }, null, "senders-account");
  await chosen(page, name, school);
}

/** Presses the button beside the teacher called `name` of `school`. */
async function chosen(page, name, school) {
  const row = page.locator("main tr", { hasText: name }).filter({ hasText: school });
  assert.equal(await row.count(), 1, await says(page));
  await Promise.all([page.waitForNavigation(), row.locator("button").click()]);
}

/** The teacher finds the hour, doubts it, and the clerk answers. */
async function dispute(teacher, clerk, title) {
  await visit(teacher, `/hours/where?q=${encodeURIComponent(title.slice(0, 6))}`, "senders-where");
  assert.match(await says(teacher.page), /演示慕课平台报送/);
  await teacher.page.goto("/hours");
  await teacher.page.locator("main tr, main li", { hasText: title }).getByRole("link", { name: /有异议/ }).first().click();
  await teacher.page.fill("[name=text]", "我学了两遍，只算了一遍。");
  await visit(teacher, null, "senders-dispute");
  await press(teacher.page, "提交异议");
  await clerk.page.goto("/hours/inbox");
  await clerk.page.locator("main tr, main li", { hasText: "教师甲子" }).getByRole("link").first().click();
  await clerk.page.fill("[name=answer]", "同一门课程只计一次，记录完整。");
  await visit(clerk, null, "senders-answer");
  await press(clerk.page, "异议不成立");
  await teacher.page.goto("/hours");
  assert.match(await says(teacher.page), /同一门课程只计一次/);
}

/** When the month is over its institution brings its own statement, and both sides confirm. */
async function adds(ofStore, office, sender) {
  const { page } = ofStore;
  site = await site.again(...listen, "--today", "2021-04-02");
  await signIn(ofStore, persona(site, "institution", 0));
  const at = `${await toPlatform(ofStore, "演示慕课平台")}/months/${MONTH}`;
  await page.goto(at);
  const ours = await sums(ofStore, "本系统台账");
  const download = page.waitForEvent("download");
  await page.click("a:text-is('下载本系统台账')");
  await page.goto("/roster/statements");
  await page.setInputFiles("[name=file]", await (await download).path().then(async (path) => sender.statement(path)));
  await press(page, "上传并核对");
  await page.waitForFunction(() => !document.querySelector("meta[http-equiv=refresh]") && document.querySelector("main"));
  await page.click("text=去确认");
  await press(page, "确认导入");
  await page.waitForFunction(() => !document.querySelector("meta[http-equiv=refresh]") && document.querySelector("main"));
  await page.goto(at);
  assert.deepEqual(await sums(ofStore, "机构对账表"), ours, await says(page));
  assert.match(await says(page), /逐条一致，没有差异/);
  await confirm(ofStore);
  await signIn(office, persona(site, "province"));
  await office.page.goto(at);
  await confirm(office);
  await visit(office, at, "senders-month", { kind: "office" });
  assert.match(await says(office.page), /已确认|双方已确认/);
}

async function confirm({ page }) {
  if (await page.locator("[name=note]").count()) await page.fill("[name=note]", "一个账号不是教师，不计。");
  await press(page, "确认以上数字");
}
