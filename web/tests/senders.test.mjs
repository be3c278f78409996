// Three learning platforms that really send: one by a record store, one as a learning tool, one by its own files. Each
// hour stands in the teacher's statement once, what nobody can place is placed by a clerk, and the month adds up.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, demonstration, persona, signIn, visit, visitor } from "./harness.mjs";
import { port } from "./providers/index.mjs";
import { tool } from "./providers/lti.mjs";
import { Store } from "./senders/store.mjs";
import { bring, press, says } from "./story/office.mjs";
import { csv } from "./story/papers.mjs";

const MONTH = "2021-03";
/** What the platform that sends files calls the columns. */
const OWN_TITLES = { name: "学员", school: "所在单位", title: "所学课程", hours: "折合学时", day: "结业日", number: "证书流水" };

let chrome;
let site;
let lesson;
let listen;

before(async () => {
  const ports = { site: await port(), tool: await port() };
  process.env.TISHENG_OUTBOUND_ALLOW = `localhost:${ports.tool}`;
  listen = ["--listen", `127.0.0.1:${ports.site}`];
  [chrome, site, lesson] = await Promise.all([
    browser(),
    demonstration("sichuan-2020", ...listen),
    tool(ports.tool, `http://127.0.0.1:${ports.site}`),
  ]);
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

/** What stands beside `label` in the facts of a page. */
const fact = ({ page }, label) => page.innerText(`dt:text-is("${label}") + dd`);

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
  const told = (what, milliseconds) => t.diagnostic(`${what}: ${milliseconds} ms until it stood in the statement`);
  const teacher = await person("teacher", 0, { phone: true });
  const clerk = await person("clerk");
  const office = await person("province");

  // The tool: entered by its institution, launched by the teacher.
  const ofTool = await person("institution", 1);
  const at = `${await toPlatform(ofTool, "演示名师课堂")}/tool`;
  await ofTool.page.goto(`${at}/edit`);
  const fields = {
    name: "微课工具", login: `${lesson.address}/login`, target: `${lesson.address}/launch`,
    redirects: `${lesson.address}/launch`, key_set: `${lesson.address}/keys`,
  };
  for (const [name, value] of Object.entries(fields)) await ofTool.page.fill(`[name=${name}]`, value);
  await ofTool.page.click("main form button");
  await lesson.setUp(await fact(ofTool, "客户端标识（client_id）"), await fact(ofTool, "部署编号（deployment_id）"));
  await press(ofTool.page, "启用");
  await ofTool.close();
  const launched = await launch(teacher, "案例");
  await teacher.page.click("button:text-is('Hand in')");
  await teacher.page.waitForSelector("#said");
  teacher.wrong.length = 0;
  told("by a tool", await arrived(teacher, launched));

  // The record store: the platform has names of its own for people, so the first time somebody says who it is.
  const ofStore = await person("institution", 0);
  const store = await credential(ofStore, "演示慕课平台");
  const [first, second] = await titles(ofStore, "演示慕课平台", ["入门", "工作坊"]);
  await store.says({ name: "u-4711", called: "教师甲子", verb: "completed", object: `${store.home}/course/K1`, minutes: 45 });
  await match(office, "u-4711", "教师甲子", "马尔康市演示第一小学");
  told("by the record store, once the account was matched", await arrived(teacher, first));
  await store.says({ name: "u-4711", called: "教师甲子", verb: "terminated", object: `${store.home}/course/K3`, minutes: 45 });
  told("by the record store", await arrived(teacher, second));
  await visit(teacher, "/hours", "senders-hours");

  // The file: with the platform's own titles. It has no numbers of papers, so somebody says who is meant, also where a
  // name is not as it is in the roll.
  const ofFile = await person("institution", 2);
  const files = await toPlatform(ofFile, "演示研修平台");
  await ofFile.page.goto(`${files}/columns`);
  for (const [field, title] of Object.entries(OWN_TITLES)) await ofFile.page.fill(`[name=${field}]`, title);
  await press(ofFile.page, "保存");
  await ofFile.close();
  const row = (name, number, hours) => [name, "马尔康市演示第一小学", "课堂观察研修", hours, "2021-03-06", number];
  const rows = [row("教师甲子", "Y-1", "1.5"), row("教师甲紫", "Y-2", "2")];
  const file = (name, hours) => csv(name, [Object.values(OWN_TITLES), ...rows.map((one, n) => (n || !hours ? one : row("教师甲子", "Y-1", hours)))]);
  const choose = async ({ page }) => page.selectOption("[name=origin]", { label: "演示研修平台" });
  await bring(clerk, "hours", { wrong: file("研修.csv", "一节半"), findings: [/学时/], right: file("研修.csv"), shot: "senders-file", choose });
  for (const called of ["教师甲子", "教师甲紫"]) {
    await visit(clerk, "/hours/waiting?state=parked", "senders-parked", { kind: "office" });
    const row = clerk.page.locator("main tr", { hasText: called });
    assert.equal(await row.count(), 1, await says(clerk.page));
    await row.getByRole("link").last().click();
    await visit(clerk, null, "senders-match");
    await chosen(clerk.page, "教师甲子", "马尔康市演示第一小学");
  }
  told("by a file, once its rows were matched", await arrived(teacher, "课堂观察研修"));

  await dispute(teacher, clerk, first);
  await adds(ofStore, office, store);
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

/** A new key of the platform called `name`, made on its page. */
async function credential(lecturer, name) {
  const at = await toPlatform(lecturer, name);
  const home = await fact(lecturer, "学员标识地址");
  await lecturer.page.goto(`${at}/credentials`);
  await lecturer.page.fill("[name=name]", "生产环境");
  await press(lecturer.page, "新建");
  const [endpoint, key, secret] = await Promise.all(["地址（endpoint）", "账号（key）", "密钥（secret）"].map((label) => fact(lecturer, label)));
  return new Store({ endpoint: endpoint.replace(/^https?:\/\/[^/]+/, site.address), key, secret, home, day: `${MONTH}-05` });
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
async function adds(ofStore, office, store) {
  const { page } = ofStore;
  site = await site.again(...listen, "--today", "2021-04-02");
  await signIn(ofStore, persona(site, "institution", 0));
  const at = `${await toPlatform(ofStore, "演示慕课平台")}/months/${MONTH}`;
  await page.goto(at);
  const ours = await sums(ofStore, "本系统台账");
  const download = page.waitForEvent("download");
  await page.click("a:text-is('下载本系统台账')");
  await page.goto("/roster/statements");
  await page.setInputFiles("[name=file]", await (await download).path().then(async (path) => store.statement(path)));
  await press(page, "上传并核对");
  await page.waitForFunction(() => !document.querySelector("meta[http-equiv=refresh]") && document.querySelector("main"));
  await page.click("text=去确认");
  await press(page, "确认导入");
  await page.waitForFunction(() => !document.querySelector("meta[http-equiv=refresh]") && document.querySelector("main"));
  await page.goto(at);
  assert.deepEqual(await sums(ofStore, "机构对账单"), ours, await says(page));
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
