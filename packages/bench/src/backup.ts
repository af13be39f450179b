import { join } from "node:path";
import type { BackedUp } from "./backup-child.ts";
import { runScript } from "./harness/child.ts";
import { makeFleet } from "./harness/fleet.ts";
import { spread, worstOf } from "./harness/measure.ts";
import { absolute, type Benchmark } from "./harness/result.ts";

const POINT = 8;
const HIVES = 100_000;
/** What stalls a shared machine for a moment must not pass for the backup's own doing. */
const RUNS = 5;
const SCRIPT = new URL("./backup-child.ts", import.meta.url);
const MB = 1e6;

export const backup: Benchmark = {
  name: "backup",
  async run({ folder, quick, progress }) {
    const path = join(folder, "backup.db");
    await makeFleet(path, { size: HIVES, devices: "distinct" });
    const seen: BackedUp[] = [];
    for (let run = 0; run < (quick ? 1 : RUNS); run++) {
      progress(`backup of ${HIVES} hives under heartbeats, run ${run + 1}`);
      const backedUp = await runScript<BackedUp>(SCRIPT, [path, join(folder, `backup-copy-${run}.db`)]);
      if (backedUp.hives !== HIVES) throw new Error(`the backup holds ${backedUp.hives} of ${HIVES} hives`);
      seen.push(backedUp);
    }
    const median = (figure: (run: BackedUp) => number) => spread(seen.map(figure)).median;
    const row = (what: string, meaning: string) => ({
      point: POINT,
      what: `backup of ${HIVES} hives: ${what}`,
      meaning,
    });
    return [
      absolute({
        ...row("time", "Copied, checked and synced, while heartbeats are stored."),
        unit: "s",
        ours: seen.map(({ tookMs }) => tookMs / 1000),
        note: `${(median(({ bytes }) => bytes) / MB).toFixed(0)} MB, ${median(({ reports }) => reports)} reports of progress, ${median(({ beats }) => beats)} heartbeats meanwhile`,
      }),
      absolute({
        ...row(
          "longest stall of the event loop",
          "For so long, at worst, the queen that backs up looks at no request.",
        ),
        unit: "ms",
        ours: seen.map(({ longestStallMs }) => longestStallMs),
        note: worstOf(seen.map(({ longestStallMs }) => longestStallMs)),
        limit: { atMost: 20 },
      }),
    ];
  },
};
