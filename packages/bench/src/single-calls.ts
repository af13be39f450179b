import { join } from "node:path";
import { HiveCatalog } from "@repo/hive-catalog";
import Database from "libsql";
import { FOUND_TABLES, HandWritten, SPECIFIED_TABLE } from "./counterparts/by-hand.ts";
import { openStockDrizzle } from "./counterparts/stock-drizzle.ts";
import { beatAt, type Fleet, fillFleet, HOST_KINDS, hiveId, makeFleet } from "./harness/fleet.ts";
import { calibrated, counted, groupsInTurn, MANY_ROUNDS, type Operation, type Round } from "./harness/measure.ts";
import { aNewHive } from "./harness/new-hive.ts";
import { type Benchmark, type BenchmarkContext, compared, type Limit, type Result } from "./harness/result.ts";

const POINT = 1;
const LIST = 1000;
/** Far more than any sensible memory of decoded devices would hold. */
const MANY = 20_000;
const WRITES_PER_ROUND = 50;
const MOST_WRITES = 4000;
const BY_HAND = "libsql by hand";
const LABELS = { env: "prod", zone: "z1", rack: "r00012", team: "ml" };
const DRIZZLE = "drizzle on @libsql/client";

export const reads: Benchmark = {
  name: "reads",
  async run(context) {
    const few = await openReads(
      context,
      { size: LIST, devices: "kinds" },
      `${LIST} hives, ${HOST_KINDS} kinds of device`,
    );
    const many = await openReads(context, { size: MANY, devices: "distinct" }, `${MANY} hives, all devices differ`);
    const results = await comparedInTurn(context, [...few.pairs, ...many.pairs], {
      full: MANY_ROUNDS,
      few: 9,
      warmUp: 2,
    });
    await few.close();
    await many.close();
    return results;
  },
};

async function openReads({ folder, progress }: BenchmarkContext, fleet: Fleet, label: string) {
  progress(`filling ${label}`);
  const { catalog, byHand, path } = await openBoth(folder, `reads-${fleet.size}`, fleet);
  const stock = openStockDrizzle(path);
  const id = (n: number) => hiveId(n % fleet.size);
  const pageStart = (n: number) => hiveId((n * LIST) % fleet.size);
  const whole = fleet.size === LIST;
  const pairs: Pair[] = [
    {
      what: `getHive (${label})`,
      meaning: "One hive by its id, with its devices parsed: what most requests to a queen begin with.",
      counterpart: BY_HAND,
      limit: { atMost: 1.6 },
      ours: calibrated((n) => catalog.getHive(id(n))),
      theirs: calibrated((n) => byHand.getHive(id(n))),
    },
    {
      what: `listHives of ${LIST} (${label})`,
      meaning: "A thousand whole records: a screen full of fleet, or one step of a health round.",
      counterpart: BY_HAND,
      limit: { atMost: 1.3 },
      ours: calibrated((n) => (whole ? catalog.listHives() : catalog.listHives({ after: pageStart(n), limit: LIST }))),
      theirs: calibrated((n) => (whole ? byHand.listHives() : byHand.pageOfHives(pageStart(n), LIST))),
    },
    {
      what: `getHive against drizzle (${label})`,
      meaning: "The same read as one would first write it. The limit says: at least five times as fast.",
      counterpart: DRIZZLE,
      limit: { atMost: 0.2 },
      ours: calibrated((n) => catalog.getHive(id(n))),
      theirs: calibrated((n) => stock.getHive(id(n))),
    },
  ];
  const close = async () => {
    stock.close();
    byHand.close();
    await catalog.close();
  };
  return { pairs, close };
}

export const writes: Benchmark = {
  name: "writes",
  async run(context) {
    const fleet: Fleet = { size: LIST, devices: "distinct" };
    const { catalog, byHand } = await openBoth(context.folder, "writes", fleet);
    const id = (n: number) => hiveId((n * 7919) % fleet.size);
    const status = (n: number) => (Math.floor(n / fleet.size) % 2 ? "online" : "offline");
    const side = (operation: Operation) => counted(operation, WRITES_PER_ROUND);
    const byHandWithin = (atMost: number) => ({ counterpart: BY_HAND, limit: { atMost } });

    // Made beforehand: what they cost would bring the two sides nearer to each other.
    const newHives = Array.from({ length: MOST_WRITES }, (_, n) => aNewHive(n));
    const newHive = (n: number) => newHives[n] ?? aNewHive(n);
    const pairs: Pair[] = [
      {
        what: "addHive",
        meaning:
          "A hive joins the fleet with four labels: checked, stored with the rows of its labels and GPUs, on disk.",
        ...byHandWithin(1.5),
        ours: side((n) => catalog.addHive({ ...newHive(n), labels: LABELS })),
        theirs: side((n) => byHand.addHive(newHive(n), LABELS)),
      },
      {
        what: "updateDevices",
        meaning: "Detection found other devices; the rows of its GPUs are replaced.",
        ...byHandWithin(1.5),
        ours: side((n) => catalog.updateDevices(id(n), newHive(n).devices)),
        theirs: side((n) => byHand.updateDevices(id(n), newHive(n).devices)),
      },
      {
        what: "updateHiveStatus",
        meaning: "A hive goes online or offline.",
        ...byHandWithin(1.5),
        ours: side((n) => catalog.updateHiveStatus(id(n), status(n))),
        theirs: side((n) => byHand.updateHiveStatus(id(n), status(n))),
      },
      {
        what: "one heartbeat alone",
        meaning:
          "What a beat costs when no other shares its commit. By hand nobody looks whether the file still has its name.",
        ...byHandWithin(1.25),
        ours: side((n) => catalog.updateHeartbeat(id(n), beatAt + n)),
        theirs: side((n) => byHand.updateHeartbeat(id(n), beatAt + n)),
      },
    ];
    const results = await comparedInTurn(context, pairs, { full: 61, few: 9, warmUp: 12 });
    byHand.close();
    await catalog.close();
    return results;
  },
};

type Pair = Pick<Result, "what" | "meaning"> & {
  counterpart: string;
  limit: Limit;
  ours: Round;
  theirs: Round;
};

async function comparedInTurn(
  { quick, progress }: BenchmarkContext,
  pairs: readonly Pair[],
  { full, few, warmUp }: { full: number; few: number; warmUp: number },
): Promise<Result[]> {
  const rounds = quick ? few : full;
  progress("warming up");
  const seen = await groupsInTurn(
    pairs.map(({ ours, theirs }) => ({ ours, theirs })),
    { rounds, warmUp, onRound: (round) => progress(`round ${round} of ${rounds}`) },
  );
  return pairs.map((pair, place) =>
    compared({ ...pair, point: POINT, unit: "µs", ...(seen[place] ?? { ours: [], theirs: [] }) }),
  );
}

/** The same fleet twice: in a catalog, and in a file with the specification's table for the statements by hand. */
export async function openBoth(folder: string, name: string, fleet: Fleet) {
  const path = join(folder, `${name}-catalog.db`);
  await makeFleet(path, fleet);
  const byHandPath = join(folder, `${name}-by-hand.db`);
  const database = new Database(byHandPath);
  database.exec(SPECIFIED_TABLE);
  database.exec(FOUND_TABLES);
  database.close();
  await fillFleet(byHandPath, fleet);
  const catalog = await HiveCatalog.open(path, { now: () => beatAt });
  return { path, catalog, byHandPath, byHand: HandWritten.open(byHandPath) };
}
