// Every page that somebody can reach by following links, for each scheme and each role of the demonstration.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { browser, demonstration, parts, persona, signIn, visit, visitor } from "./harness.mjs";

const SCHEMES = ["sichuan-2020", "foshan-2020"];
/**
 * Who looks: a role, which of its people, and what is at hand for them. Teachers stand at different places: the second
 * of the territory has begun, the third of the second school has handed in, the fifth has everything, the eleventh
 * sits in the panel.
 */
const PEOPLE = [
  ["teacher", 1],
  ["teacher", 14, "handed-in"],
  ["teacher", 16, "finished"],
  ["teacher", 22, "panel"],
  ...["principal", "clerk", "cio", "town", "county", "city", "province"].map((role) => [role, 0]),
  ...["expert", "evaluator", "auditor", "institution"].map((role) => [role, 0]),
];

/** Links that give a file, or lead to the learning tool, and no page of ours. */
const FILE = /\.(xlsx|csv|pdf|zip|docx|json)$|\/(download|table|pdf|sheet|lines|differences|launch|pick)$/;
/** How many links deep from the home page. */
const DEPTH = 3;

/** The address as its route: what differs between two pages of the same kind is left out. */
function route(path) {
  return path
    .replace(/\?.*$/, "")
    .split("/")
    .map((part) => (/^[0-9a-z]{20,}$|^[0-9a-f-]{36}$|^[A-Z0-9-]*\d{4,}[A-Z0-9-]*$/.test(part) ? "…" : part))
    .join("/");
}

async function links(page) {
  const found = await page.$$eval("a[href]", (all) => all.map((a) => a.getAttribute("href")));
  const paths = found.map((href) => new URL(href, page.url()).href.replace(/#.*$/, ""));
  const own = new URL(page.url()).origin;
  return paths.filter((path) => path.startsWith(own)).map((path) => path.slice(own.length)).filter((path) => !FILE.test(path.replace(/\?.*$/, "")));
}

const name = (role, path) => `pages-${role}${path === "/" ? "-home" : path.replaceAll("/", "-").replaceAll("…", "_")}`;

describe("every page", () => {
  let chrome;
  /** Routes looked at closely already, and what pages were made of so far: those of teachers and of everybody else. */
  const close = new Set();
  const seen = { teacher: new Set(), office: new Set() };
  before(async () => (chrome = await browser()));
  after(() => chrome?.close());

  for (const scheme of SCHEMES) {
    describe(scheme, () => {
      let site;
      before(async () => (site = await demonstration(scheme)));
      after(() => site?.stop());

      for (const [role, place, at] of PEOPLE) {
        test(at ? `${role}, ${at}` : role, async (t) => {
          if (!site.personas.some((one) => one.role === role)) return t.skip("the scheme has no such level");
          const someone = await visitor(chrome, site);
          await signIn(someone, persona(site, role, place));
          const kind = role === "teacher" ? "teacher" : "office";
          const known = new Set(["/"]);
          const wrong = [];
          let round = ["/"];
          for (let depth = 0; depth <= DEPTH && round.length; depth += 1) {
            const next = [];
            for (const path of round) {
              const kept = `${kind} ${route(path)}`;
              try {
                const how = close.has(kept) ? { kind, seen: seen[kind] } : { kind };
                await visit(someone, path, `${scheme.split("-")[0]}-${name(at ?? role, route(path))}`, how);
                close.add(kept);
                for (const part of await parts(someone)) seen[kind].add(part);
              } catch (error) {
                wrong.push(error.message);
                someone.wrong.length = 0;
              }
              for (const link of await links(someone.page)) {
                if (known.has(route(link))) continue;
                known.add(route(link));
                next.push(link);
              }
            }
            round = next;
          }
          assert.ok(known.size > 3, `${role} reaches only ${[...known].join(" ")}`);
          await someone.close();
          assert.deepEqual(wrong, []);
        });
      }
    });
  }
});
