import { join } from "node:path";
import { runScript } from "./harness/child.ts";
import { makeFleet } from "./harness/fleet.ts";
import { spread } from "./harness/measure.ts";
import { absolute, type Benchmark } from "./harness/result.ts";
import type { Opened } from "./opening-child.ts";

const SCRIPT = new URL("./opening-child.ts", import.meta.url);
const HIVES = 1000;

export const opening: Benchmark = {
  name: "opening",
  async run({ folder, quick, progress }) {
    progress("HiveCatalog.open");
    const path = join(folder, "opening.db");
    await makeFleet(path, { size: HIVES, devices: "kinds" });
    const opened: Opened[] = [];
    for (let round = 0; round < (quick ? 2 : 15); round++) opened.push(await runScript<Opened>(SCRIPT, [path]));
    const loadingMs = spread(opened.map((seen) => seen.loadingMs)).median;
    return [
      absolute({
        point: 7,
        what: "HiveCatalog.open of a migrated file",
        meaning: "The first one of a process, beyond loading its modules.",
        unit: "ms",
        ours: opened.map((seen) => seen.openingMs),
        limit: { atMost: 15 },
        note: `loading the modules took ${loadingMs.toFixed(0)} ms before`,
      }),
    ];
  },
};
