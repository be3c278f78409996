// The button "back" after a form was shown again with its mistakes and then sent.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { browser, demonstration, persona, signIn, visitor } from "./harness.mjs";

describe("back", () => {
  let chrome;
  let site;
  before(async () => {
    chrome = await browser();
    site = await demonstration("sichuan-2020");
  });
  after(async () => {
    await chrome?.close();
    site?.stop();
  });

  test("leads to a page of ours once a mistake is mended", async () => {
    const teacher = await visitor(chrome, site);
    const { page } = teacher;
    await signIn(teacher, persona(site, "teacher", 1));
    await page.goto("/hours/disputes/new");
    for (const text of ["", ""]) {
      await page.fill("[name=text]", text);
      await Promise.all([page.waitForNavigation(), page.click("main form button[type=submit]")]);
      assert.equal(await page.locator(".summary").count(), 1, "the mistake is named");
    }
    await page.fill("[name=title]", "一次没有记上的研讨");
    await page.fill("[name=text]", "三月一日的教研活动没有学时。");
    await Promise.all([page.waitForNavigation(), page.click("main form button[type=submit]")]);
    assert.match(await page.innerText("main"), /一次没有记上的研讨/);
    await page.goBack();
    assert.ok(page.url().startsWith(site.address), page.url());
    assert.match(await page.innerText("main"), /提出学时异议/);
    await page.goBack();
    assert.match(await page.innerText("main"), /提出学时异议/);
    assert.deepEqual(teacher.wrong, []);
    await teacher.close();
  });
});
