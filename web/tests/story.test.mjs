// The whole story on each scheme: from a roll with mistakes to a certificate that a stranger verifies.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { folder, persona, start, totp } from "./binary.mjs";
import { browser, visit, visitor } from "./harness.mjs";
import { appoint, bring, firstAddress, holdActivity, offer, press, says } from "./story/office.mjs";
import { csv, paper } from "./story/papers.mjs";
import { choose, handIn, review } from "./story/teacher.mjs";

const TODAY = "2021-03-10";
/** A day whose activities are over at every hour of today. */
const YESTERDAY = "2021-03-09";
/** After the days of notice. */
const LATER = "2021-03-25";
const CHOSEN = ["A1", "A2", "A11"];
const PASSWORD = "一步一个脚印-2021";

const SCHEMES = {
  "sichuan-2020": { online: ["线上课程", ""], research: ["实践应用", "能力点校本教研"], rows: 4 },
  "foshan-2020": { online: ["网络研修", ""], research: ["校本实践应用", "校本研修活动"], rows: 5 },
};

for (const [scheme, words] of Object.entries(SCHEMES)) {
  describe(scheme, () => {
    const shot = (name) => `story-${scheme.split("-")[0]}-${name}`;
    const open = new Map();
    let chrome, data, site, school, county, colleagues, figure, number;

    /** Somebody signed in, kept for the next chapter. */
    async function as(who, how = {}) {
      if (open.has(who.account)) return open.get(who.account);
      const someone = await visitor(chrome, site, how);
      const { page } = someone;
      await page.goto("/sign-in");
      await page.fill("[name=account]", who.account);
      await page.fill("[name=password]", who.password);
      await press(page, "登录");
      if (await page.locator("[name=code]").count()) {
        await page.fill("[name=code]", totp(who.totp_secret));
        await page.keyboard.press("Enter");
        await page.waitForURL((url) => !url.pathname.includes("sign-in"));
      }
      assert.equal(await page.locator("[name=password]").count(), 0, `${who.account}: ${await says(page)}`);
      open.set(who.account, someone);
      return someone;
    }

    async function begin(day) {
      for (const someone of open.values()) await someone.close();
      open.clear();
      await site?.end("SIGTERM");
      site = await start(data.path, scheme, "--today", day);
    }

    /** A chapter builds on those before it: after one that failed the rest is not told. */
    let torn = false;
    const chapter = (title, told) =>
      test(title, async (t) => {
        if (torn) return t.skip("an earlier chapter failed");
        torn = true;
        await told();
        torn = false;
      });

    const top = () => persona(site, site.personas.some((one) => one.role === "province") ? "province" : "city");
    const author = { account: "lin.yanshi", password: PASSWORD, name: "林演示", paper: paper(7) };

    before(async () => {
      chrome = await browser();
      data = folder();
      await begin(TODAY);
      school = persona(site, "principal").organisation;
      county = site.personas.find((one) => one.role === "county" && school.startsWith(one.organisation));
      colleagues = site.personas.filter((one) => one.role === "teacher" && one.organisation === school);
    });

    after(async () => {
      await chrome?.close();
      await site?.end("SIGTERM");
      data?.remove();
      if (torn) console.error(site.complaints());
    });

    chapter("the county's office brings schools, with mistakes first", async () => {
      const office = await as(county);
      const head = ["学校名称", "学校标识码", "机构类别", "所属县区", "中心学校", "学段", "信息化教学环境", "智慧教育创建校"];
      const good = [`${county.organisation}试用小学`, "", "学校", county.organisation, "", "小学", "混合学习环境", "否"];
      const bad = [`${county.organisation}试用中学`, "8.82E+09", "", county.organisation, "", "初中", "教室里有电脑", ""];
      const mended = [`${county.organisation}试用中学`, "", "", county.organisation, "", "初中", "多媒体教学环境", ""];
      await bring(office, "schools", {
        wrong: csv("学校.csv", [head, good, bad]),
        findings: [/有错误，不能导入/, /科学计数法/, /信息化教学环境/],
        right: csv("学校.csv", [head, good, mended]),
        shot: shot("schools"),
      });
      figure = await figures(await as(top()), shot("figures-before"));
    });

    chapter("the school's clerk brings teachers, with mistakes first, and hands out the first sign-in", async () => {
      const clerk = await as(persona(site, "clerk"));
      const head = ["姓名", "证件号码", "手机号", "任教学科", "任教学段", "职称", "登录账号"];
      const line = (name, number, subject, login) => [name, number, "", subject, "小学", "", login];
      const broken = paper(8).replace(/.$/, (last) => (last === "1" ? "2" : "1"));
      await bring(clerk, "teachers", {
        wrong: csv("教师.csv", [head, line(author.name, author.paper, "", author.account), line("周演示", broken, "数学", "zhou.yanshi")]),
        findings: [/有错误，不能导入/, /任教学科/, /证件号码/],
        right: csv("教师.csv", [head, line(author.name, author.paper, "数学", author.account)]),
        shot: shot("teachers"),
      });
      const address = await firstAddress(clerk, author.account);
      const teacher = await visitor(chrome, site, { phone: true });
      await visit(teacher, address, shot("set-up"));
      await teacher.page.fill("[name=chosen]", PASSWORD);
      await teacher.page.fill("[name=repeated]", PASSWORD);
      await press(teacher.page, "设置密码");
      await teacher.close();
    });

    chapter("the school offers, the teacher chooses on a phone", async () => {
      await offer(await as(persona(site, "principal")), [...CHOSEN, "B3"], shot("offer"));
      const teacher = await as(author, { phone: true });
      await visit(teacher, "/", shot("home-before"));
      await choose(teacher, CHOSEN, shot("choice"));
    });

    chapter("the teacher hands in evidence and assesses it", async () => {
      const teacher = await as(author, { phone: true });
      await handIn(teacher, await picture(teacher), shot("evidence"));
      await visit(teacher, "/", shot("home-waiting"));
    });

    chapter("peers and panel assess", async () => {
      // Who teaches the author's subject was drawn as a peer, and whoever was one sits in no panel on the work.
      const peers = colleagues.filter((_, at) => at % 3 === 1);
      const seats = colleagues.filter((one) => !peers.includes(one)).slice(0, 3);
      await appoint(await as(persona(site, "principal")), seats.map((one) => one.name), shot("panel"));
      let judged = 0;
      // Peers first; what they finish goes to the panel, whose members come round again.
      for (const one of [...peers, ...seats, ...seats]) {
        judged += await review(await as(one), shot(`review-${one.account.split(".").pop()}`));
      }
      assert.ok(judged >= 4 * CHOSEN.length, `only ${judged} reviews`);
      const teacher = await as(author, { phone: true });
      await visit(teacher, "/review/notice", shot("notice"));
      assert.match(await says(teacher.page), /林演示/);
    });

    chapter("hours come by file, a row without a teacher is resolved, an activity is accepted", async () => {
      const clerk = await as(persona(site, "clerk"));
      const head = ["姓名", "证件号码", "平台", "课程", "学时类别", "学时项目", "学时", "学习日期", "记录编号"];
      const line = (at, [category, kind], hours, number = author.paper) => [
        author.name, number, "示例研修网", `第${at + 1}讲`, category, kind, hours, `2020-10-1${at}`, `R-${scheme}-${at}`,
      ];
      const rows = Array.from({ length: words.rows }, (_, at) => line(at, words.online, 5, at === 0 ? "" : author.paper));
      const research = [line(6, words.research, 4), line(7, words.research, 4)];
      await bring(clerk, "hours", {
        wrong: csv("学时.csv", [head, line(8, ["看书", ""], 2)]),
        findings: [/有错误，不能导入/, /学时类别/],
        right: csv("学时.csv", [head, ...rows, ...research]),
        shot: shot("hours"),
      });
      await clerk.page.getByRole("link", { name: "去处理" }).click();
      await clerk.page.waitForURL("**/hours/waiting");
      assert.match(await says(clerk.page), /林演示/, await says(clerk.page));
      await visit(clerk, null, shot("hours-waiting"));
      await clerk.page.locator("main table a[href^='/hours/waiting/']").first().click();
      await clerk.page.waitForURL("**/hours/waiting/*");
      await visit(clerk, null, shot("hours-decide"));
      await press(clerk.page, "就是这位");
      const teacher = await as(author, { phone: true });
      const principal = await as(persona(site, "principal"));
      await holdActivity({ clerk, teacher, principal, day: YESTERDAY, place: words.research[1], shot: shot("activity") });
      await visit(teacher, "/hours", shot("hours-teacher"));
      assert.match(await says(teacher.page), /数据怎样帮助教学/);
    });

    chapter("after the days of notice the certificate is issued, printed and verified by a stranger", async () => {
      await begin(LATER);
      const teacher = await as(author, { phone: true });
      await until(async () => {
        await teacher.page.goto("/standing");
        return !(await says(teacher.page)).includes("还差什么");
      }, () => says(teacher.page));
      await visit(teacher, "/standing", shot("standing"));
      const office = await as(county);
      await visit(office, "/certificates", shot("certificates-before"), { kind: "office" });
      await office.page.getByRole("link", { name: /教师发证/ }).click();
      await office.page.waitForLoadState();
      await visit(office, null, shot("certificates-check"));
      assert.match(await says(office.page), /林演示/);
      await press(office.page, /核对无误/);
      await until(async () => {
        await office.page.goto("/certificates");
        return await office.page.getByRole("link", { name: author.name }).count();
      }, () => says(office.page));
      await office.page.getByRole("link", { name: author.name }).click();
      await office.page.waitForLoadState();
      await visit(office, null, shot("certificate"));
      number = new URL(office.page.url()).pathname.split("/").pop();
      const pdf = await office.page.request.get(`/certificates/${number}/pdf`);
      assert.equal((await pdf.body()).subarray(0, 5).toString(), "%PDF-");
      const stranger = await visitor(chrome, site, { phone: true, scripts: false });
      await visit(stranger, `/verify/${number}`, shot("verify"));
      for (const seen of [/现在有效/, /林演示/, new RegExp(school)]) assert.match(await says(stranger.page), seen);
      await visit(stranger, "/verify/000000000000", shot("verify-unknown"));
      assert.match(await says(stranger.page), /这不是证书编号/);
      await stranger.close();
    });

    chapter("the figure at the top has moved", async () => {
      const office = await as(top());
      await until(async () => {
        const now = await figures(office, shot("figures-after"));
        return now.teachers === figure.teachers + 1 && now.met === figure.met + 1;
      }, async () => `${JSON.stringify(figure)} ${await says(office.page)}`);
    });

    chapter("without scripts a teacher chooses, hands in and assesses", async () => {
      const teacher = await as(colleagues.at(-1), { phone: true, scripts: false });
      await choose(teacher, CHOSEN, shot("plain-choice"));
      await handIn(teacher, await picture(teacher), shot("plain-evidence"));
    });
  });
}

/** A picture that a teacher might hand in. */
async function picture({ page }) {
  return { name: "板书.jpg", mimeType: "image/jpeg", buffer: await page.screenshot({ type: "jpeg", quality: 60 }) };
}

/** The figures that somebody sees of their part of the tree. */
async function figures(office, shot) {
  await visit(office, "/monitor", shot, { kind: "office" });
  const tiles = await office.page.locator(".stats > *").allInnerTexts();
  const of = (title) => Number(tiles.find((tile) => tile.includes(title))?.replaceAll(",", "").match(/\d+/)?.[0]);
  return { teachers: of("教师"), met: of("达标"), tiles };
}

/** What a job of the server brings about: looked for again and again, for half a minute at most. */
async function until(happened, otherwise) {
  for (let times = 0; times < 60; times += 1) {
    if (await happened()) return;
    await new Promise((done) => setTimeout(done, 500));
  }
  assert.fail(await otherwise());
}
