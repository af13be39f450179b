import { join } from "node:path";
import type { BackedUp } from "./backup-child.ts";
import { runScript } from "./child.ts";
import { fillFleet, migrateFleet } from "./fleet.ts";
import { absolute, type Benchmark } from "./result.ts";

const POINT = 8;
const HIVES = 100_000;
const SCRIPT = new URL("./backup-child.ts", import.meta.url);
const MB = 1e6;

export const backup: Benchmark = {
  name: "backup",
  async run({ folder, progress }) {
    progress(`backup of ${HIVES} hives under heartbeats`);
    const path = join(folder, "backup.db");
    await migrateFleet(path);
    await fillFleet(path, { size: HIVES, devices: "distinct" });
    const seen = await runScript<BackedUp>(SCRIPT, [path, join(folder, "backup-copy.db")]);
    if (seen.hives !== HIVES) throw new Error(`the backup holds ${seen.hives} of ${HIVES} hives`);
    const row = (what: string, meaning: string) => ({
      point: POINT,
      what: `backup of ${HIVES} hives: ${what}`,
      meaning,
    });
    return [
      absolute({
        ...row("time", "Copied, checked and synced, while heartbeats are stored."),
        unit: "s",
        ours: [seen.tookMs / 1000],
        note: `${(seen.bytes / MB).toFixed(0)} MB, ${seen.reports} reports of progress, ${seen.beats} heartbeats meanwhile`,
      }),
      absolute({
        ...row(
          "longest stall of the event loop",
          "For so long, at worst, the queen that backs up looks at no request.",
        ),
        unit: "ms",
        ours: [seen.longestStallMs],
        limit: { atMost: 20 },
      }),
    ];
  },
};
