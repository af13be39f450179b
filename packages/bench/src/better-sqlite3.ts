import { fileURLToPath } from "node:url";
import type { BetterSqlite3Seen } from "./better-sqlite3-child.ts";
import { runProgram } from "./harness/child.ts";
import { type Benchmark, compared, notMeasured } from "./harness/result.ts";

/** It ships its binary, and needs a newer Node than the project asks for: so npm brings both for the time of the run. */
const PACKAGES = ["-p", "node@24", "-p", "better-sqlite3@13"];
const SCRIPT = fileURLToPath(new URL("./better-sqlite3-child.ts", import.meta.url));
const TIMEOUT_MS = 150_000;

const row = {
  point: 1,
  what: "beside better-sqlite3 13 by hand, both on Node 24",
  meaning: "Another binding, for orientation: it has no limit.",
  unit: "µs",
} as const;

export const betterSqlite3: Benchmark = {
  name: "better-sqlite3",
  async run({ folder, quick, progress }) {
    const counterpart = "better-sqlite3 by hand";
    if (quick) return [notMeasured({ ...row, counterpart, note: "only in a full run: npm has to fetch it" })];
    progress("better-sqlite3 13 under Node 24, by npx");
    let seen: BetterSqlite3Seen;
    try {
      const command = `node ${JSON.stringify(SCRIPT)} ${JSON.stringify(folder)}`;
      const printed = await runProgram({
        command: "npx",
        args: ["-y", ...PACKAGES, "-c", command],
        timeoutMs: TIMEOUT_MS,
      });
      seen = JSON.parse(printed) as BetterSqlite3Seen;
    } catch (error) {
      const reason = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
      return [notMeasured({ ...row, counterpart, note: `npx could not run it: ${reason}` })];
    }
    return Object.entries(seen.figures).map(([what, figures]) =>
      compared({ ...row, what: `${what}, ${row.what}`, counterpart, note: seen.versions, ...figures }),
    );
  },
};
