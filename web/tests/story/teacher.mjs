// What teachers do in the story: choose, hand in evidence, assess themselves and others. Works without scripts.
import assert from "node:assert/strict";
import { visit } from "../harness.mjs";
import { press, says } from "./office.mjs";
import { film } from "./papers.mjs";

/** Chooses: first too few, with the sentence of the rule that is not met, then `capabilities`. */
export async function choose(teacher, capabilities, shot) {
  const { page } = teacher;
  await page.goto("/choice");
  await page.check(`[name=capability][value=${capabilities[0]}]`);
  if (teacher.scripts) await page.waitForFunction(() => document.querySelectorAll("#conditions .rule-open").length > 0);
  await press(page, "确定选学");
  assert.match(await says(page), /至少选择 3 个能力点，已选 1 个/, await says(page));
  await visit(teacher, null, `${shot}-too-few`);
  for (const capability of capabilities) await page.check(`[name=capability][value=${capability}]`);
  await press(page, "确定选学");
  await visit(teacher, "/choice", `${shot}-chosen`);
  for (const capability of capabilities) assert.match(await says(page), new RegExp(`${capability} `));
  await visit(teacher, "/tasks", `${shot}-tasks`);
}

/** Hands in everything that the list of evidence asks for, with a picture in the first, and assesses it. */
export async function handIn(teacher, picture, shot) {
  const { page } = teacher;
  await visit(teacher, "/evidence", `${shot}-list`);
  const labels = await page.locator("main form[action='/evidence'] button").evaluateAll((all) => all.map((b) => b.getAttribute("aria-label")));
  assert.ok(labels.length >= 3, labels.join());
  for (const [at, label] of labels.entries()) {
    await page.goto("/evidence");
    await press(page, label);
    const draft = new URL(page.url()).pathname;
    if (at === 0) await visit(teacher, draft, `${shot}-empty`);
    await fillPieces(teacher, draft, picture);
    // The teacher's own pictures are not counted: nothing is weighed without an address.
    if (at === 0) await visit(teacher, null, `${shot}-draft`);
    await page.goto(`${draft}/check`);
    if (at === 0) await visit(teacher, null, `${shot}-check`);
    await page.check("[name=consent][value=no_pupils]");
    await press(page, "确认提交");
    await page.goto(`/review/self/${draft.split("/").pop()}`);
    await judge(page, at === 0 ? "excellent" : "pass");
    if (at === 0) await visit(teacher, null, `${shot}-self`);
    await press(page, /^提交/);
  }
  await visit(teacher, "/evidence", `${shot}-handed-in`);
}

/** Types where text is taken, sends `picture` to the first piece that takes one, films and pictures elsewhere. */
async function fillPieces(teacher, draft, picture) {
  const { page } = teacher;
  const pieces = await page.locator("section[id^=piece-]").evaluateAll((all) => all.map((piece) => piece.id));
  let waiting = true;
  for (const piece of pieces) {
    const section = page.locator(`#${piece}`);
    const takesText = await section.locator("textarea").count();
    const takesPicture = (await section.locator("input[id^=file-]").getAttribute("accept")).includes("image/");
    if (takesText) {
      await section.locator("textarea").fill("先用小测了解学生已经会什么，再决定这节课怎么讲；课后用同一份小测看变化，并写下原因。");
      await Promise.all([page.waitForNavigation(), section.getByRole("button", { name: "保存", exact: true }).click()]);
    }
    if (takesPicture && (waiting || !takesText)) await send(teacher, section, picture);
    else if (!takesText) await send(teacher, section, film("课堂片段.mp4", 240));
    waiting &&= !takesPicture;
    await page.goto(draft);
  }
}

/** With scripts a chosen file is sent at once; without them the form sends it. */
async function send(teacher, section, file) {
  const { page } = teacher;
  const input = section.locator("input[type=file][id^=file-]");
  if (teacher.scripts) await Promise.all([page.waitForNavigation(), input.setInputFiles(file)]);
  else {
    await input.setInputFiles(file);
    await Promise.all([page.waitForNavigation(), section.getByRole("button", { name: "上传", exact: true }).click()]);
  }
}

/** Ticks the level of every piece, with the criteria that it needs. */
export async function judge(page, level) {
  for (const radio of await page.locator(`[name^=level-][value=${level}]`).all()) await radio.check();
  const criteria = level === "excellent" ? "[name=met]" : "[name=met][data-level=pass]";
  for (const box of await page.locator(criteria).all()) await box.check();
}

/** Rates by keys: the piece that was pressed last, whatever in it has the focus. */
async function judgeByKeys(page) {
  const pieces = page.locator("[data-piece]");
  const rated = (place, level) => pieces.nth(place).locator(`[name^=level-][value=${level}]`).isChecked();
  const last = (await pieces.count()) - 1;
  assert.ok(last > 0, "a work of several pieces");
  await pieces.nth(last).locator("h2").click();
  await page.keyboard.press("1");
  assert.ok(await rated(last, "excellent"), "the piece that was pressed");
  assert.ok(!(await rated(0, "excellent")), "and no other");
  await pieces.nth(0).locator("[name=met]").first().check();
  await page.keyboard.press("2");
  assert.ok(await rated(0, "pass"), "keys are heard where a box has the focus");
  await pieces.nth(last).locator("[name^=level-][value=excellent]").focus();
  await page.keyboard.press("3");
  assert.ok((await rated(last, "fail")) && (await rated(0, "pass")), "and where a level has it");
  await page.keyboard.press("k");
  await page.keyboard.press("1");
  assert.ok((last > 1 || (await rated(0, "excellent"))) && (await rated(last, "fail")), "the piece before");
}

/** Reviews whatever waits for `someone`; gives how many. */
export async function review(someone, shot) {
  const { page } = someone;
  let done = 0;
  for (;;) {
    await page.goto("/review");
    const next = page.getByRole("link", { name: "开始评审" });
    if (!(await next.count())) return done;
    await next.click();
    await page.waitForLoadState();
    if (done === 0 && someone.scripts) await judgeByKeys(page);
    await judge(page, "pass");
    if (done === 0) await visit(someone, null, shot);
    await press(page, /^提交/);
    done += 1;
    assert.ok(done < 40, "the queue does not end");
  }
}
