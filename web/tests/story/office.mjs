// What officials and schools do in the story.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { visit } from "../harness.mjs";
import { cells } from "./papers.mjs";

/** Presses the button with these words and waits for the page that follows. */
export async function press(page, words) {
  await Promise.all([page.waitForNavigation(), page.getByRole("button", { name: words }).first().click()]);
}

/** What the page says. */
export const says = (page) => page.innerText("main");

/** The clerk's loop with a file that has mistakes, then with the mended one; ends on the page of what was taken. `choose`
    says what else the form asks for. */
export async function bring(clerk, kind, { wrong, findings, right, shot, choose = async () => {} }) {
  const { page } = clerk;
  await visit(clerk, `/roster/${kind}`, `${shot}-bring`, { kind: "office" });
  await choose(clerk);
  await upload(page, wrong);
  for (const words of findings) assert.match(await says(page), words);
  await visit(clerk, null, `${shot}-wrong`);
  await page.goto(`/roster/${kind}`);
  await choose(clerk);
  await upload(page, right);
  assert.match(await says(page), /核对通过/, await says(page));
  await visit(clerk, null, `${shot}-checked`);
  await page.click("text=去确认");
  await visit(clerk, null, `${shot}-confirm`);
  await press(page, "确认导入");
  await settled(page);
  assert.match(await says(page), /已导入/, await says(page));
  await visit(clerk, null, `${shot}-taken`);
  const run = new URL(page.url()).pathname;
  await visit(clerk, `${run}/receipt`, `${shot}-receipt`, { kind: "office" });
  await page.goto(run);
}

async function upload(page, file) {
  await page.setInputFiles("[name=file]", file);
  await press(page, "上传并核对");
  await settled(page);
}

/** The page of a run looks again by itself until nothing is at work. */
async function settled(page) {
  await page.waitForFunction(() => !document.querySelector("meta[http-equiv=refresh]") && document.querySelector("main"));
}

/** The address in the list of first sign-ins at which `login` chooses a password. */
export async function firstAddress(clerk, login) {
  const { page } = clerk;
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "下载首次登录清单" }).click(),
  ]);
  const texts = cells(readFileSync(await download.path()));
  assert.ok(texts.includes(login), texts.join(" "));
  const address = texts.find((text) => text.includes("/s/"));
  assert.ok(address, texts.join(" "));
  return new URL(address).pathname;
}

/** Offers exactly these capabilities. */
export async function offer(principal, capabilities, shot) {
  const { page } = principal;
  await page.goto("/offer");
  for (const box of await page.locator("[name=capability]").all()) {
    await box.setChecked(capabilities.includes(await box.getAttribute("value")));
  }
  await press(page, "保存并发布");
  assert.match(await page.innerText("main"), new RegExp(capabilities[0]));
  await visit(principal, "/offer", shot, { kind: "office" });
}

/** Puts these teachers on the panel, the first as its chair. */
export async function appoint(principal, names, shot) {
  const { page } = principal;
  for (const name of names) {
    await page.goto(`/review/panel?q=${encodeURIComponent(name)}`);
    await page.getByRole("button", { name: `加入：${name}` }).first().click();
    await page.waitForLoadState();
  }
  if (await page.getByRole("button", { name: `任组长：${names[0]}` }).count()) await press(page, `任组长：${names[0]}`);
  await visit(principal, "/review/panel", shot, { kind: "office" });
}

/** An activity from plan to hours: the clerk plans it, the teacher types the code, the principal accepts it. */
export async function holdActivity({ clerk, teacher, principal, day, place, shot }) {
  const { page } = clerk;
  await page.goto("/activities/new");
  const typed = { title: "数据怎样帮助教学", content: "研讨课例", day, begins: "08:00", ends: "10:00", place: "录播教室", host: "演示管理员", hours: "2" };
  for (const [name, value] of Object.entries(typed)) await page.fill(`[name=${name}]`, value);
  await page.selectOption("[name=form]", { label: "校本教研" });
  const places = await page.locator("[name=place_of_hours] option").allInnerTexts();
  await page.selectOption("[name=place_of_hours]", { label: places.find((label) => label.includes(place)) });
  await visit(clerk, null, `${shot}-plan`);
  await press(page, "保存");
  await press(page, "开始签到");
  const activity = new URL(page.url()).pathname;
  await page.goto(`${activity}/code`);
  const code = (await page.innerText(".stat-figure")).replace(/\D/g, "");
  await visit(clerk, null, `${shot}-code`);
  await visit(teacher, "/activities", `${shot}-teacher`);
  await teacher.page.fill("[name=code]", code);
  await press(teacher.page, "签到");
  assert.match(await says(teacher.page), /数据怎样帮助教学/);
  await page.goto(activity);
  await page.fill("[name=record]", "三个课例，两条结论：先看数据再备课；练习要留痕。");
  await press(page, "保存纪要");
  await press(page, "结束签到");
  await press(page, "提交审核");
  await principal.page.goto(activity);
  await press(principal.page, "认定学时");
  assert.match(await says(principal.page), /已认定学时/);
  await visit(principal, activity, `${shot}-accepted`, { kind: "office" });
}
