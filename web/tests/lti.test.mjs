// Learning tools: a course is opened in a tool that others have written, and its score is an hour.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, demonstration, persona, signIn, visit, visitor } from "./harness.mjs";
import { port } from "./providers/index.mjs";
import { tool } from "./providers/lti.mjs";

let chrome;
let site;
let tools;

before(async () => {
  const ports = { site: await port(), first: await port(), second: await port() };
  process.env.TISHENG_OUTBOUND_ALLOW = `localhost:${ports.first}, localhost:${ports.second}`;
  const address = `http://127.0.0.1:${ports.site}`;
  [chrome, site, ...tools] = await Promise.all([
    browser(),
    demonstration("sichuan-2020", "--listen", `127.0.0.1:${ports.site}`),
    tool(ports.first, address),
    tool(ports.second, address),
  ]);
});

after(async () => {
  await chrome?.close();
  await Promise.all((tools ?? []).map((one) => one.stop()));
  await site?.stop();
});

/** The page of the tool of the platform called `name`, as its institution's lecturer finds it. */
async function toolPage({ page }, name) {
  await page.goto("/platforms");
  await page.click(`main a:text-is("${name}")`);
  await page.click("a:text-is('学习工具（LTI）')");
  return new URL(page.url()).pathname;
}

/** Goes to a course of the platform called `name` that is learnt in its tool. */
async function toCourse({ page }, name) {
  await page.goto("/courses?q=案例");
  const all = await page.locator("main table a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  for (const course of all) {
    await page.goto(course);
    if (!(await page.innerText("main")).includes(name)) continue;
    if (await page.locator(`a[href="${course}/launch"]`).count()) return;
  }
  assert.fail(`none of ${all.length} courses leads to a tool`);
}

/** What the tool shows of the message. */
const said = async ({ page }) => JSON.parse(await page.innerText("#said"));

/** What stands beside `label` in the facts of a page. */
const fact = ({ page }, label) => page.innerText(`dt:text-is("${label}") + dd`);

/** Forgets what pages of the tool complained of: they have no icon. */
const ours = ({ wrong }) => (wrong.length = 0);

test("a tool is registered by hand, a teacher opens a course in it, and its score is an hour", async () => {
  const [mine] = tools;
  const lecturer = await visitor(chrome, site);
  await signIn(lecturer, persona(site, "institution", 2));
  const at = await toolPage(lecturer, "演示研修平台");
  await visit(lecturer, at, "lti-none", { kind: "office" });
  await visit(lecturer, `${at}/edit`, "lti-edit", { kind: "office" });
  const fields = {
    name: "微课工具", login: `${mine.address}/login`, target: `${mine.address}/launch`,
    redirects: `${mine.address}/launch`, key_set: `${mine.address}/keys`, picker: `${mine.address}/launch`,
  };
  for (const [name, value] of Object.entries(fields)) await lecturer.page.fill(`[name=${name}]`, value);
  await lecturer.page.check("[name=whole]");
  await lecturer.page.click("main form button");
  await visit(lecturer, null, "lti-registered");
  await mine.setUp(await fact(lecturer, "客户端标识（client_id）"), await fact(lecturer, "部署编号（deployment_id）"));
  await lecturer.page.click("button:text-is('启用')");
  assert.match(await lecturer.page.innerText("main"), /已启用/);
  await visit(lecturer, at, "lti-active", { kind: "office" });
  await lecturer.page.click("a:text-is('选择由工具打开的课程')");
  await visit(lecturer, null, "lti-courses");
  // One course is learnt at its own address.
  await lecturer.page.uncheck("label:has-text('入门') input");
  await lecturer.page.click("main form button");
  assert.match(await lecturer.page.innerText("main"), /1 门课程的打开方式有变化/);

  const teacher = await visitor(chrome, site, { phone: true });
  await signIn(teacher, persona(site, "teacher"));
  await toCourse(teacher, "演示研修平台");
  await visit(teacher, null, "lti-course");
  const title = await teacher.page.innerText("h1");
  await teacher.page.click("a:text-is('去平台学习')");
  await teacher.page.waitForSelector("#said");
  assert.equal(new URL(teacher.page.url()).origin, mine.address);
  ours(teacher);
  const message = await said(teacher);
  assert.equal(message.course, title);
  assert.equal(message.name, "", "nobody has agreed to names");
  assert.deepEqual(message.members, [message.subject]);
  await teacher.page.click("button:text-is('Hand in')");
  await teacher.page.waitForSelector("#said");
  const { results, lines } = await said(teacher);
  assert.equal(results[0].userId, message.subject);
  assert.equal(lines, 2, "the course's column and one of the tool's own");
  ours(teacher);
  await visit(teacher, "/hours", "lti-hours");
  const statement = await teacher.page.innerText("main");
  assert.ok(statement.includes(title) && statement.includes("演示研修平台"), statement);
  await teacher.close();

  // The same without scripts: a button leads on.
  const plain = await visitor(chrome, site, { scripts: false });
  await signIn(plain, persona(site, "teacher", 1));
  await visit(plain, "/tasks", "lti-tasks");
  await toCourse(plain, "演示研修平台");
  await plain.page.click("a:text-is('去平台学习')");
  await visit(plain, null, "lti-onward");
  await plain.page.click("button:text-is('打开微课工具')");
  assert.match(await plain.page.innerText("h1"), /Launched/);
  await plain.close();

  // Courses are chosen in the tool, and one of them waits for the office.
  await lecturer.page.goto(at);
  await lecturer.page.click("a:text-is('从工具中挑选课程')");
  await lecturer.page.click("button:text-is('Give back')");
  await lecturer.page.waitForURL((url) => url.pathname.startsWith(`${at}/picks/`));
  ours(lecturer);
  await visit(lecturer, null, "lti-chosen");
  await lecturer.page.fill("[name=hours-0]", "2");
  await lecturer.page.selectOption("[name=capability-0]", { index: 1 });
  await lecturer.page.click("button:text-is('提交所选课程')");
  assert.match(await lecturer.page.innerText("main"), /已提交 1 门课程/);
  assert.match(await lecturer.page.innerText("main"), /数据分析入门/);
  await lecturer.close();
});

test("a tool registers itself", async () => {
  const mine = tools[1];
  const lecturer = await visitor(chrome, site);
  await signIn(lecturer, persona(site, "institution", 0));
  await toolPage(lecturer, "演示慕课平台");
  await lecturer.page.fill("[name=address]", `${mine.address}/register`);
  await lecturer.page.click("button:text-is('下一步')");
  await visit(lecturer, null, "lti-invited");
  const [elsewhere] = await Promise.all([
    lecturer.context.waitForEvent("page"),
    lecturer.page.click("a:text-is('打开工具的登记页面')"),
  ]);
  await elsewhere.waitForSelector("h1");
  assert.equal(await elsewhere.innerText("h1"), "Registered");
  await elsewhere.close();
  await lecturer.page.click("a:text-is('已登记，去核对')");
  assert.match(await lecturer.page.innerText("main"), /Registered tool/);
  await lecturer.page.click("button:text-is('启用')");
  await lecturer.page.click("a:text-is('从工具中挑选课程')");
  await lecturer.page.waitForSelector("button:text-is('Give back')");
  assert.equal(new URL(lecturer.page.url()).origin, mine.address);
  await lecturer.close();
});
