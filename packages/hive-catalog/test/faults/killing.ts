import type { HiveRecord } from "../../src/model/hive.ts";
import { type CatalogFile, readSql } from "../catalog-file.ts";
import { type LineProcess, startWorker } from "../processes.ts";
import { Random } from "../random.ts";

const LANES = 32;
const MAX_LINES_BEFORE_KILL = 1500;

/** What the rounds of killing came to. */
export type KillReport = {
  kills: number;
  /** Changes that were answered before the process was killed. */
  acknowledged: number;
  /** Commits that held several heartbeats. */
  groups: number;
  /** One sentence for each acknowledged change that is not in the file, and for each failed integrity check. */
  lost: string[];
};

type Line = { lane: number; want: HiveRecord | null } | { lane: number; done: true } | { group: number };
/** What a hive is, as a text; an absent one is "null". */
type Lane = { acknowledged: string; wanted: string | undefined };

/**
 * Kills a process that changes one catalog in many lanes, `kills` times at a random moment, and compares the file after each kill with
 * the journal that the process wrote outside of it.
 */
export async function killRepeatedly(
  file: CatalogFile,
  { kills, seed, onKill }: { kills: number; seed: number; onKill?: (report: KillReport) => boolean },
): Promise<KillReport> {
  const random = new Random(seed);
  const journal = new Journal();
  const start = (round: number) => startWorker("mixed-load", file.path, String(seed + round), String(LANES));
  let next = start(0);
  try {
    for (let round = 1; round <= kills; round++) {
      const victim = next;
      next = start(round);
      await runUntilKilled(victim, random.integer(0, MAX_LINES_BEFORE_KILL), journal);
      await journal.compare(file);
      if (onKill?.(journal.report) === false) break;
    }
  } finally {
    await next[Symbol.asyncDispose]();
  }
  return journal.report;
}

async function runUntilKilled(victim: LineProcess, lines: number, journal: Journal): Promise<void> {
  if ((await victim.nextLine()) !== "ready") throw new Error("the process did not start");
  victim.send("go");
  for (let line = 0; line < lines; line++) journal.note(await victim.nextLine());
  for (const line of await victim.kill()) journal.note(line);
}

/** Kept outside of the catalog: what each lane was answered, and what it had asked for since. */
class Journal {
  readonly report: KillReport = { kills: 0, acknowledged: 0, groups: 0, lost: [] };
  readonly #lanes = new Map<number, Lane>();

  note(text: string): void {
    const line = JSON.parse(text) as Line;
    if ("group" in line) {
      this.report.groups++;
      return;
    }
    const lane = this.#lanes.get(line.lane) ?? { acknowledged: "null", wanted: undefined };
    this.#lanes.set(line.lane, lane);
    if ("want" in line) lane.wanted = shown(line.want);
    else {
      lane.acknowledged = lane.wanted ?? "nothing was wanted";
      lane.wanted = undefined;
      this.report.acknowledged++;
    }
  }

  /** A change that was under way may be there or not; whatever it is now counts from here. */
  async compare(file: CatalogFile): Promise<void> {
    this.report.kills++;
    const check = String(readSql(file.path, "PRAGMA integrity_check").flat());
    if (check !== "ok") this.report.lost.push(`after kill ${this.report.kills}, integrity_check says: ${check}`);
    const catalog = await file.open();
    for (const [number, lane] of this.#lanes) {
      const stored = shown((await catalog.getHive(`lane-${number}`)) ?? null);
      if (stored !== lane.acknowledged && stored !== lane.wanted) {
        const may = lane.wanted === undefined ? "" : ` or ${lane.wanted}`;
        const what = `lane ${number} must be ${lane.acknowledged}${may}, is ${stored}`;
        this.report.lost.push(`after kill ${this.report.kills}, ${what}`);
      }
      lane.acknowledged = stored;
      lane.wanted = undefined;
    }
    await catalog.close();
  }
}

/** `updatedAtMs` is the time of the call, which the journal does not know. */
function shown(hive: HiveRecord | null): string {
  return JSON.stringify(hive && { ...hive, updatedAtMs: 0 });
}
