import { statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import Database from "libsql";
import { largestFleet } from "./growth.ts";
import { runScript } from "./harness/child.ts";
import { beatAt, hiveId } from "./harness/fleet.ts";
import { p99 } from "./harness/measure.ts";
import { absolute, type Benchmark, compared, type Result } from "./harness/result.ts";
import type { Streamed } from "./stream-child.ts";

const POINT = 4;
const SCRIPT = new URL("./stream-child.ts", import.meta.url);
const MB = 1e6;
/** SQLite empties the WAL from 1,000 pages (4 MB) on, whenever no reader still needs it. */
const WAL_BOUND_MB = 16;
const ALONE_MS = 500;
const PAUSE_MS = 1;

type Written = {
  tookMs: number[];
  /** When a lock was met, by the wall clock. */
  refusedAtMs: number[];
  walBytes: number;
};

export const stream: Benchmark = {
  name: "stream",
  async run(context) {
    const { path, size } = await largestFleet(context);
    context.progress("a writer alone");
    const { written: alone } = await writeWhile(path, () => delay(ALONE_MS));
    context.progress(`streamHives of ${size} hives, a writer of another process beside it`);
    const { written: beside, result: streamed } = await writeWhile(path, () =>
      runScript<Streamed>(SCRIPT, [path, "read only"]),
    );
    context.progress(`streamHives of ${size} hives, heartbeats of the same process beside it`);
    const withBeats = await runScript<Streamed>(SCRIPT, [path, "with heartbeats"]);
    if (streamed.hives !== size) throw new Error(`streamHives gave ${streamed.hives} of ${size} hives`);
    return rows(size, { alone, beside, streamed, withBeats });
  },
};

/** Another program that writes to the file as long as `work` runs, and does not wait for locks: each that it meets is counted. */
async function writeWhile<Result>(
  path: string,
  work: () => Promise<Result>,
): Promise<{ written: Written; result: Result }> {
  const database = new Database(path, { timeout: 0 });
  const statement = database.prepare("UPDATE hives SET last_heartbeat_ms = ? WHERE id = ?");
  const write = (n: number) => {
    // The lock comes first: a statement of this binding that meets one itself can never be used again.
    database.exec("BEGIN IMMEDIATE");
    statement.run(beatAt + n, hiveId((n * 7919) % 100_000));
    database.exec("COMMIT");
  };
  // From here on there is a WAL, which stays until the last connection is closed.
  write(0);
  const written: Written = { tookMs: [], refusedAtMs: [], walBytes: 0 };
  let running = true;
  const working = work().finally(() => {
    running = false;
  });
  // Its failure is told at the end, not while the loop below is still at work.
  working.catch(() => undefined);
  for (let n = 1; running; n++) {
    const startedMs = performance.now();
    try {
      write(n);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY"))) throw error;
      written.refusedAtMs.push(Date.now());
    }
    written.tookMs.push(performance.now() - startedMs);
    written.walBytes = Math.max(written.walBytes, statSync(`${path}-wal`).size);
    await delay(PAUSE_MS);
  }
  database.close();
  return { written, result: await working };
}

type Seen = { alone: Written; beside: Written; streamed: Streamed; withBeats: Streamed };

function rows(size: number, { alone, beside, streamed, withBeats }: Seen): Result[] {
  const row = (what: string, meaning: string) => ({ point: POINT, what: `streamHives of ${size}: ${what}`, meaning });
  return [
    absolute({
      ...row("time", "Every record once, page by page."),
      unit: "s",
      ours: [streamed.tookMs / 1000],
    }),
    absolute({
      ...row("growth of the process", "Resident memory at its highest, over what it was before the stream began."),
      unit: "MB",
      ours: [streamed.grownBytes / MB],
      limit: { atMost: 100 },
    }),
    absolute({
      ...row("longest stall of the event loop", "For so long, at worst, no request was looked at."),
      unit: "ms",
      ours: [streamed.longestStallMs],
      limit: { atMost: 20 },
    }),
    absolute({
      ...row("writes of another process refused", "A stream that held a lock between pages would show here."),
      unit: "",
      ours: [beside.refusedAtMs.filter((atMs) => atMs >= streamed.startedAtMs && atMs <= streamed.endedAtMs).length],
      limit: { atMost: 0 },
      note: `of ${beside.tookMs.length} writes`,
    }),
    compared({
      ...row("a write of another process, p99", "What the stream costs a writer beside it."),
      unit: "ms",
      ours: [p99(beside.tookMs)],
      counterpart: "the same writer alone",
      theirs: [p99(alone.tookMs)],
    }),
    absolute({
      ...row("largest WAL", "A stream that held a read transaction would let it grow with every write."),
      unit: "MB",
      ours: [beside.walBytes / MB],
      limit: { atMost: WAL_BOUND_MB },
    }),
    absolute({
      ...row("a heartbeat of the same process, p99", "A beat waits at most for the page that is being read."),
      unit: "ms",
      ours: [p99(withBeats.beatsTookMs)],
      note: `${withBeats.beatsTookMs.length} beats`,
    }),
  ];
}
