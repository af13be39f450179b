import { existsSync } from "node:fs";
import { join } from "node:path";
import { HiveCatalog } from "@repo/hive-catalog";
import { beatAt, type Fleet, hiveId, makeFleet } from "./harness/fleet.ts";
import { calibrated, inTurn, MANY_ROUNDS, medianOf, type Operation, type Round, spread } from "./harness/measure.ts";
import {
  absolute,
  type Benchmark,
  type BenchmarkContext,
  compared,
  type Limit,
  type Result,
} from "./harness/result.ts";

const POINT = 3;
const PAGE = 100;
const FEW = 10;
const STALE_AFTER_MS = 60_000;
const SMALLEST = 1000;

type Asked = {
  what: string;
  meaning: string;
  /** On the largest fleet ÷ the smallest. */
  ratio?: Limit;
  /** On the largest fleet itself, in ms. */
  limit?: Limit;
  /** In a full run; default 25. */
  rounds?: number;
  round: (operation: Operation, roundMs: number) => Round;
  operation: (catalog: HiveCatalog, fleet: Fleet) => Operation;
};

/** Places all over the fleet, or over a part of it: near in time is far in the file. */
const somewhere = (n: number, from: number, to: number) => hiveId(from + ((n * 7_368_787) % (to - from)));
const firstHalf = (n: number, { size }: Fleet) => somewhere(n, 0, size >> 1);
const secondHalf = (n: number, { size }: Fleet) => somewhere(n, size >> 1, size - PAGE);

const ROUNDS = 25;
/** In rounds of half the length, `getHive` at a million came out 7 % dearer: the other side has taken the processor's caches each time. */
const ROUND_MS = 25;
const QUICK_ROUND_MS = 12;
const QUICK_ROUNDS = 5;

const flat = (atMost: number, rounds = ROUNDS) => ({
  ...{ ratio: { atMost }, rounds },
  round: calibrated,
});

const QUESTIONS: readonly Asked[] = [
  {
    what: "getHive, few kinds of device",
    meaning: "One hive by id, anywhere in the fleet.",
    ...flat(1.5, MANY_ROUNDS),
    operation: (catalog, fleet) => (n) => catalog.getHive(firstHalf(n, fleet)),
  },
  {
    what: "getHive, all devices differ",
    meaning: "The same where no two hives have the same devices.",
    ...flat(1.5, MANY_ROUNDS),
    operation: (catalog, fleet) => (n) => catalog.getHive(secondHalf(n, fleet)),
  },
  {
    what: "hiveExists",
    meaning: "Whether an id is taken.",
    ...flat(1.5, MANY_ROUNDS),
    operation: (catalog, fleet) => (n) => catalog.hiveExists(somewhere(n, 0, fleet.size)),
  },
  {
    what: `a page of ${PAGE}, few kinds of device`,
    meaning: "A page of the list, from anywhere in it.",
    ...flat(1.5),
    operation: (catalog, fleet) => (n) => catalog.listHives({ after: firstHalf(n, fleet), limit: PAGE }),
  },
  {
    what: `a page of ${PAGE}, all devices differ`,
    meaning: "The same where no two hives have the same devices.",
    ...flat(1.5),
    operation: (catalog, fleet) => (n) => catalog.listHives({ after: secondHalf(n, fleet), limit: PAGE }),
  },
  {
    what: `findStaleHives, ${FEW} of them`,
    meaning: "Which hives have fallen silent.",
    ...flat(1.5),
    operation: (catalog) => () => catalog.findStaleHives(STALE_AFTER_MS),
  },
  {
    what: `findHivesWithoutDevices, ${FEW} of them`,
    meaning: "Which hives are to be asked for their devices.",
    ...flat(1.5),
    operation: (catalog) => () => catalog.findHivesWithoutDevices(),
  },
  {
    what: "countHives",
    meaning: "Exact, at any size.",
    limit: { atMost: 20 },
    round: calibrated,
    operation: (catalog) => () => catalog.countHives(),
  },
  {
    what: "countByStatus (online, 94 % of the fleet)",
    meaning: "Exact, at any size, for the most common status: counted in its index.",
    limit: { atMost: 60 },
    round: calibrated,
    operation: (catalog) => () => catalog.countByStatus("online"),
  },
  {
    what: "one heartbeat",
    meaning: "A single beat of any hive, on disk.",
    ratio: { atMost: 2 },
    round: (operation) => medianOf(operation, 40),
    operation: (catalog, fleet) => (n) => catalog.updateHeartbeat(somewhere(n, 0, fleet.size), beatAt + n),
  },
];

export const growth: Benchmark = {
  name: "growth",
  async run(context) {
    const sizes = context.quick ? [SMALLEST, 100_000] : [SMALLEST, 10_000, 100_000, 1_000_000];
    const catalogs = new Map<number, HiveCatalog>();
    const results: Result[] = [];
    for (const size of sizes) {
      const filled = await fill(context, size);
      catalogs.set(size, await HiveCatalog.open(filled.path, { now: () => beatAt }));
      if (size === sizes.at(-1)) results.push(...fillRows(size, filled));
    }
    for (const asked of QUESTIONS) results.push(...(await growthRow(context, asked, catalogs)));
    for (const catalog of catalogs.values()) await catalog.close();
    return results;
  },
};

const fleetOf = (size: number): Fleet => ({ size, devices: "half", stale: FEW, withoutDevices: FEW });

const fleetPath = (folder: string, size: number) => join(folder, `fleet-${size}.db`);

async function fill({ folder, progress }: BenchmarkContext, size: number) {
  progress(`filling a file with ${size} hives`);
  const path = fleetPath(folder, size);
  return { path, ...(await makeFleet(path, fleetOf(size))) };
}

/** The largest fleet of this run, filled if no other benchmark has done so. */
export async function largestFleet(context: BenchmarkContext): Promise<{ path: string; size: number }> {
  const size = context.quick ? 100_000 : 1_000_000;
  const path = fleetPath(context.folder, size);
  if (!existsSync(path)) await fill(context, size);
  return { path, size };
}

function fillRows(size: number, { fillMs, bytesPerHive }: { fillMs: number; bytesPerHive: number }): Result[] {
  return [
    absolute({
      point: POINT,
      what: `filling ${size} hives by SQL`,
      meaning: "By a recursive query of the benchmark's own, indexes included: not what addHive costs.",
      unit: "s",
      ours: [fillMs / 1000],
    }),
    absolute({
      point: POINT,
      what: `size of the file per hive, ${size} hives`,
      meaning: "Record, devices and indexes together, on disk.",
      unit: "bytes",
      ours: [bytesPerHive],
    }),
  ];
}

/** The smallest fleet and the largest take turns with each other alone: those in between would take the processor's caches from them. */
async function growthRow(
  { quick, progress }: BenchmarkContext,
  { what, meaning, ratio, limit, rounds = ROUNDS, round, operation }: Asked,
  catalogs: ReadonlyMap<number, HiveCatalog>,
): Promise<Result[]> {
  const sizes = [...catalogs.keys()];
  const largest = sizes.at(-1) ?? SMALLEST;
  const roundMs = quick ? QUICK_ROUND_MS : ROUND_MS;
  progress(`${what}, ${sizes.join(", ")} hives`);
  const inTurnOf = (some: number[], fullRounds: number) => {
    const sides = [...catalogs].filter(([size]) => some.includes(size));
    return inTurn(
      Object.fromEntries(sides.map(([size, catalog]) => [size, round(operation(catalog, fleetOf(size)), roundMs)])),
      { rounds: quick ? QUICK_ROUNDS : fullRounds },
    );
  };
  const seen = {
    ...(await inTurnOf([SMALLEST, largest], rounds)),
    ...(await inTurnOf(sizes.slice(1, -1), ROUNDS)),
  };
  const growthOf = sizes.map((hives) => ({ hives, figure: spread(seen[hives] ?? []) }));
  const ours = seen[largest] ?? [];
  if (limit !== undefined) {
    const inMs = ours.map((us) => us / 1000);
    return [
      absolute({
        point: POINT,
        what: `${what}, ${largest} hives`,
        meaning,
        unit: "ms",
        ours: inMs,
        limit,
        growth: growthOf,
      }),
    ];
  }
  const row = { point: POINT, what: `${what}, ${largest} hives`, meaning, unit: "µs", growth: growthOf } as const;
  const theirs = seen[SMALLEST] ?? [];
  return [
    compared({ ...row, ours, counterpart: `the same with ${SMALLEST} hives`, theirs, ...(ratio && { limit: ratio }) }),
  ];
}
