// Three learning platforms that send by themselves, with what a demonstration tells them in senders.json: one to the
// record store, one as a learning tool, one by its own files.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { tool } from "../providers/lti.mjs";
import { csv } from "../story/papers.mjs";
import { Store } from "./store.mjs";

/** What the demonstration with its data in `folder` tells of `scheme`; of its first territory without one. */
export function told(folder, scheme) {
  const { address, tool: side, territories } = JSON.parse(readFileSync(join(folder, "senders.json"), "utf8"));
  const territory = scheme ? territories.find((one) => one.scheme === scheme) : territories[0];
  if (!territory) throw new Error(`no platforms of ${scheme}: ${territories.map((one) => one.scheme)}`);
  return { address, side, ...territory };
}

/** The day that the demonstration with its data in `folder` takes for today, `days` later. */
export function day(folder, days = 0) {
  const calendar = JSON.parse(readFileSync(join(folder, "calendar.json"), "utf8"));
  // By the clock of China, as the demonstration has it.
  return new Date(Date.now() + (calendar.days + days) * 86_400_000 + 8 * 3_600_000).toISOString().slice(0, 10);
}

/** The platform that sends to the record store at `address` what is learnt on `day`. */
export function store({ store }, address, day) {
  return new Store({ endpoint: `${address}/xapi/`, ...store, day });
}

/** The tool, at work for the demonstration at `address` with its data in `folder`. */
export async function teaching({ side }, address, folder) {
  return tool(Number(new URL(side.address).port), address, join(folder, "senders.json"));
}

/** A file of the third platform, under its own titles; `rows` say by our names of columns what stands in them. */
export function file({ file }, name, rows) {
  return csv(name, [file.columns.map(([, title]) => title), ...rows.map((row) => file.columns.map(([field]) => row[field] ?? ""))]);
}
