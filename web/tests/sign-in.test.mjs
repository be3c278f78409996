// The door: a teacher on a phone, an official with a second factor, and somebody who mistypes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, demonstration, persona, signIn, visit, visitor } from "./harness.mjs";

let chrome;
let site;

before(async () => {
  [chrome, site] = await Promise.all([browser(), demonstration("sichuan-2020")]);
});

after(async () => {
  await chrome?.close();
  await site?.stop();
});

test("a teacher signs in on a phone and lands on the task list", async () => {
  const teacher = await visitor(chrome, site, { phone: true });
  await visit(teacher, "/sign-in", "sign-in");
  await signIn(teacher, persona(site, "teacher"));
  assert.equal(new URL(teacher.page.url()).pathname, "/");
  await visit(teacher, "/", "sign-in-teacher-home");
  await teacher.close();
});

test("the province's office is asked for a second factor", async () => {
  const official = await visitor(chrome, site);
  const who = persona(site, "province");
  await official.page.goto("/sign-in");
  await official.page.fill("[name=account]", who.account);
  await official.page.fill("[name=password]", who.password);
  await official.page.click("main button");
  assert.equal(await official.page.locator("[name=code]").count(), 1, await official.page.innerText("main"));
  await visit(official, null, "sign-in-code");
  await official.page.goto("/");
  assert.match(official.page.url(), /sign-in/, "a password alone opened the desk");
  await signIn(official, who);
  await visit(official, "/", "sign-in-office-home", { kind: "office" });
  await official.close();
});

test("a wrong password says so, keeps the account, and works without scripts", async () => {
  const stranger = await visitor(chrome, site, { scripts: false });
  const { page } = stranger;
  await page.goto("/sign-in");
  await page.fill("[name=account]", persona(site, "teacher").account);
  await page.fill("[name=password]", "不是这个密码");
  await page.click("main button");
  assert.equal(await page.inputValue("[name=account]"), persona(site, "teacher").account);
  assert.match(await page.innerText("main"), /密码/);
  await visit(stranger, null, "sign-in-refused");
  await stranger.close();
});
