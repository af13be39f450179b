import { join } from "node:path";
import { takeCatalog, takeOutCatalog } from "./counterparts/earlier-catalog.ts";
import { runScript } from "./harness/child.ts";
import { makeFleet } from "./harness/fleet.ts";
import { inTurn } from "./harness/measure.ts";
import { type Benchmark, compared, notMeasured } from "./harness/result.ts";
import type { MixedLoadSeen } from "./mixed-load-child.ts";

const COMMIT = "7a12cc112090126deb60f3f788c981f78e960247";
const HIVES = 1000;
const SCRIPT = new URL("./mixed-load-child.ts", import.meta.url);

/** The same code against itself: 1.01 to 1.04 on an idle machine, up to 1.08 on a busy one. */
const NOISE = "The median over half seconds. The tenth above 1 is for what the same code differs from itself.";
const row = { point: 9, counterpart: `the catalog of commit ${COMMIT.slice(0, 7)}` } as const;
const rows = {
  beatsPerSecond: {
    ...row,
    what: "heartbeats of 64 callers beside 8 that change a status and 4 that read",
    meaning:
      "Beats a second of callers that each wait for their answer, in one process with everything else that a queen does.",
    unit: "/s",
    limit: { atLeast: 3 },
  },
  statusP99Ms: {
    ...row,
    what: "updateHiveStatus beside those heartbeats, p99",
    meaning: `More beats must not be had by keeping the other writes waiting. ${NOISE}`,
    unit: "ms",
    limit: { atMost: 1.1 },
  },
  getP99Ms: {
    ...row,
    what: "getHive beside those heartbeats, p99",
    meaning: `Nor by keeping the reads waiting, each of which comes in a turn of the event loop of its own, as a request does. ${NOISE}`,
    unit: "ms",
    limit: { atMost: 1.1 },
  },
} as const;
type Figure = keyof typeof rows;
const FIGURES = Object.keys(rows) as Figure[];

export const mixedLoad: Benchmark = {
  name: "mixed-load",
  async run({ folder, quick, progress }) {
    progress(rows.beatsPerSecond.what);
    let earlier: string;
    try {
      earlier = await takeOutCatalog(COMMIT, join(folder, "earlier"));
    } catch (error) {
      const note = `it is not to be had here: ${error instanceof Error ? error.message : String(error)}`;
      return Object.values(rows).map((row) => notMeasured({ ...row, note }));
    }
    const side = async (name: string, module: string) => {
      const path = join(folder, `mixed-load-${name}.db`);
      await makeFleet(path, { size: HIVES, devices: "kinds", nowMs: Date.now() }, module);
      const seen: MixedLoadSeen[] = [];
      const args = [module, path, String(HIVES), String(quick ? 2 : 8)];
      const round = async () => seen.push(await runScript<MixedLoadSeen>(SCRIPT, args));
      return { round, figures: (figure: Figure) => seen.map((one) => one[figure]) };
    };
    const ours = await side("ours", await takeCatalog());
    const theirs = await side("theirs", earlier);
    await inTurn({ ours: ours.round, theirs: theirs.round }, { rounds: quick ? 1 : 7, warmUp: 0 });
    return FIGURES.map((figure) =>
      compared({ ...rows[figure], ours: ours.figures(figure), theirs: theirs.figures(figure) }),
    );
  },
};
