/**
 * A catalog in a process of its own. Reads lines of JSON and answers each with a line of JSON: `{open}` and `{close}` with null, `{nowMs, call}`
 * with what the call came to.
 */
import { createInterface } from "node:readline";
import { HiveCatalog } from "../../src/index.ts";
import { type Call, callCatalog } from "../model/calls.ts";

type Line = { open: string } | { close: true } | { nowMs: number; call: Call };

let catalog: HiveCatalog | undefined;
let nowMs = 0;

async function run(line: Line): Promise<unknown> {
  if ("open" in line) {
    catalog = await HiveCatalog.open(line.open, { now: () => nowMs });
    return null;
  }
  if (catalog === undefined) throw new Error("no catalog is open");
  if ("close" in line) {
    await catalog.close();
    return null;
  }
  nowMs = line.nowMs;
  return callCatalog(catalog, line.call);
}

console.log("ready");
for await (const line of createInterface({ input: process.stdin }))
  console.log(JSON.stringify(await run(JSON.parse(line))));
