// The door: people come in by sign-in services that others have written.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, demonstration, persona, signIn, visit, visitor } from "./harness.mjs";
import { cas, oidc, port } from "./providers/index.mjs";

let chrome;
let site;
let ports;

before(async () => {
  ports = { site: await port(), oidc: await port(), cas: await port() };
  process.env.TISHENG_OUTBOUND_ALLOW = `127.0.0.1:${ports.oidc}, 127.0.0.1:${ports.cas}`;
  [chrome, site] = await Promise.all([
    browser(),
    demonstration("sichuan-2020", "--listen", `127.0.0.1:${ports.site}`),
  ]);
});

after(async () => {
  await chrome?.close();
  await site?.stop();
});

/** The province's office enters a service; gives its page and what to register there. */
async function entered(kind, fields) {
  const office = await visitor(chrome, site);
  await signIn(office, persona(site, "province"));
  await visit(office, "/identity-providers", `door-${kind}-list`, { kind: "office" });
  await visit(office, `/identity-providers/new?kind=${kind}`, `door-${kind}-new`, { kind: "office" });
  for (const [name, value] of Object.entries(fields)) await office.page.fill(`[name=${name}]`, value);
  await office.page.click("main form button");
  await visit(office, null, `door-${kind}-show`);
  const redirect = await office.page.innerText("dt:text-is('回调地址') + dd");
  return { office, redirect };
}

/** The office tries the service, which answers, and lets people come by it. */
async function opened({ page }) {
  await page.click("button:text-is('检查连接')");
  assert.match(await page.innerText("main"), /连接正常/);
  await page.click("button:text-is('启用')");
  assert.match(await page.innerText("main"), /已启用/);
}

/** Forgets what pages of the service complained of: fonts and scripts that they load from the network. */
const ours = ({ wrong }) => (wrong.length = 0);

/** Where the browser is, without its question. */
const path = ({ page }) => new URL(page.url()).pathname;

/** The teacher confirms the link with the password; on a phone. */
async function linked(teacher, who, kind) {
  assert.match(path(teacher), /^\/sign-in\/via\/\w+\/link$/, await teacher.page.innerText("body"));
  await visit(teacher, null, `door-${kind}-link`);
  await teacher.page.click("a:text-is('登录并关联')");
  await teacher.page.fill("[name=account]", who.account);
  await teacher.page.fill("[name=password]", who.password);
  await teacher.page.click("main form:has([name=password]) button");
  assert.match(await teacher.page.innerText("main"), new RegExp(who.account.replaceAll(".", "\\.")));
  await visit(teacher, null, `door-${kind}-confirm`);
  await teacher.page.click("button:text-is('确认关联')");
  assert.equal(path(teacher), "/account");
  await visit(teacher, null, `door-${kind}-account`);
}

test("a teacher links an account of an OpenID Connect provider once, and needs no password any more", async () => {
  const registration = { client: "tisheng", secret: "nobody else knows this" };
  const address = `http://127.0.0.1:${ports.oidc}`;
  const { office, redirect } = await entered("oidc", { name: "教育云", address, scopes: "profile", ...registration });
  const stop = await oidc(ports.oidc, { ...registration, redirect, leaving: `${site.address}/sign-in`, claims: {} });
  try {
    await opened(office);
    const who = persona(site, "teacher");
    const arrive = async (phone) => {
      const teacher = await visitor(chrome, site, { phone });
      await teacher.page.goto("/sign-in?back=/account");
      await teacher.page.click(".ways a:has-text('教育云')");
      await teacher.page.fill("[name=login]", "li.laoshi");
      await teacher.page.fill("[name=password]", "any");
      await teacher.page.click("button");
      await teacher.page.click("button:text-is('Continue')");
      ours(teacher);
      return teacher;
    };
    const first = await arrive(true);
    assert.match(await first.page.innerText("main"), /云上li\.laoshi|li\.laoshi/);
    await linked(first, who, "oidc");
    await first.close();

    const second = await arrive(false);
    assert.equal(path(second), "/account");
    assert.match(await second.page.innerText("main"), new RegExp(who.account.replaceAll(".", "\\.")));
    await second.page.click("details.who summary");
    await second.page.click("form[action='/sign-out'] button");
    await visit(second, null, "door-oidc-left");
    await second.page.click("a:text-is('同时退出教育云')");
    await second.page.click("button[name=logout]");
    assert.equal(path(second), "/sign-in");
    assert.equal(new URL(second.page.url()).port, String(ports.site));
    await second.close();
  } finally {
    await stop();
    await office.close();
  }
});

test("a teacher comes in by a CAS server, and the server's own sign-out ends the session", async () => {
  const address = `http://127.0.0.1:${ports.cas}/cas`;
  const { office } = await entered("cas", { name: "旧平台", address });
  const user = { user: "wang.laoshi", password: "nobody else knows this" };
  // Attributes that nobody asks for stand in a real answer as well.
  const stop = await cas(ports.cas, { service: `${site.address}/`, ...user, attributes: { department: "Physics" } });
  try {
    await opened(office);
    const who = persona(site, "teacher", 1);
    const arrive = async (phone) => {
      const teacher = await visitor(chrome, site, { phone });
      await teacher.page.goto("/sign-in?back=/account");
      await teacher.page.click(".ways a:has-text('旧平台')");
      await teacher.page.fill("[name=username]", user.user);
      await teacher.page.fill("[name=password]", user.password);
      await teacher.page.click("button[type=submit]");
      ours(teacher);
      return teacher;
    };
    const first = await arrive(true);
    await linked(first, who, "cas");
    await first.close();

    const second = await arrive(false);
    assert.equal(path(second), "/account", await second.page.innerText("body"));
    // Signed out at the server, the session here ends without a word from this browser.
    const elsewhere = await second.context.newPage();
    await elsewhere.goto(`${address}/logout`);
    await elsewhere.close();
    const deadline = Date.now() + 20_000;
    do await second.page.goto("/account");
    while (path(second) === "/account" && Date.now() < deadline);
    assert.equal(path(second), "/sign-in");
    await second.close();
  } finally {
    await stop();
    await office.close();
  }
});
