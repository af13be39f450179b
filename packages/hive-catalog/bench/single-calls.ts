import { join } from "node:path";
import Database from "libsql";
import { HiveCatalog } from "../src/index.ts";
import { HandWritten, SPECIFIED_TABLE } from "./by-hand.ts";
import { beatAt, type Fleet, fillFleet, HOST_KINDS, hiveId, migrateFleet } from "./fleet.ts";
import { calibrated, counted, inTurn, MANY_ROUNDS, type Operation } from "./measure.ts";
import { aNewHive } from "./new-hive.ts";
import { type Benchmark, type BenchmarkContext, compared, type Result } from "./result.ts";
import { openStockDrizzle } from "./stock-drizzle.ts";

const POINT = 1;
const LIST = 1000;
/** Far more than any sensible memory of decoded devices would hold. */
const MANY = 20_000;
const WRITES_PER_ROUND = 50;
const MOST_WRITES = 4000;
const BY_HAND = "libsql by hand";
const DRIZZLE = "drizzle on @libsql/client";

export const reads: Benchmark = {
  name: "reads",
  async run(context) {
    return [
      ...(await readRows(context, { size: LIST, devices: "kinds" }, `${LIST} hives, ${HOST_KINDS} kinds of device`)),
      ...(await readRows(context, { size: MANY, devices: "distinct" }, `${MANY} hives, all devices differ`)),
    ];
  },
};

async function readRows({ folder, quick, progress }: BenchmarkContext, fleet: Fleet, label: string): Promise<Result[]> {
  const { catalog, byHand, path } = await openBoth(folder, `reads-${fleet.size}`, fleet);
  const stock = openStockDrizzle(path);
  const rounds = quick ? 9 : 41;
  const id = (n: number) => hiveId(n % fleet.size);
  const pageStart = (n: number) => hiveId((n * LIST) % fleet.size);
  const whole = fleet.size === LIST;

  progress(`getHive, ${label}`);
  const get = await inTurn(
    { ours: calibrated((n) => catalog.getHive(id(n))), theirs: calibrated((n) => byHand.getHive(id(n))) },
    { rounds: quick ? 9 : MANY_ROUNDS },
  );
  progress(`listHives, ${label}`);
  const list = await inTurn(
    {
      ours: calibrated((n) => (whole ? catalog.listHives() : catalog.listHives({ after: pageStart(n), limit: LIST }))),
      theirs: calibrated((n) => (whole ? byHand.listHives() : byHand.pageOfHives(pageStart(n), LIST))),
    },
    { rounds },
  );
  progress(`getHive and drizzle, ${label}`);
  const stockGet = await inTurn(
    { ours: calibrated((n) => catalog.getHive(id(n))), theirs: calibrated((n) => stock.getHive(id(n))) },
    { rounds },
  );
  stock.close();
  byHand.close();
  await catalog.close();
  return [
    compared({
      point: POINT,
      what: `getHive (${label})`,
      meaning: "One hive by its id, with its devices parsed: what most requests to a queen begin with.",
      unit: "µs",
      counterpart: BY_HAND,
      limit: { atMost: 1.6 },
      ...get,
    }),
    compared({
      point: POINT,
      what: `listHives of ${LIST} (${label})`,
      meaning: "A thousand whole records: a screen full of fleet, or one step of a health round.",
      unit: "µs",
      counterpart: BY_HAND,
      limit: { atMost: 1.3 },
      ...list,
    }),
    compared({
      point: POINT,
      what: `getHive against drizzle (${label})`,
      meaning: "The same read as one would first write it. The limit says: at least five times as fast.",
      unit: "µs",
      counterpart: DRIZZLE,
      limit: { atMost: 0.2 },
      ...stockGet,
    }),
  ];
}

export const writes: Benchmark = {
  name: "writes",
  async run({ folder, quick, progress }) {
    const fleet: Fleet = { size: LIST, devices: "distinct" };
    const { catalog, byHand } = await openBoth(folder, "writes", fleet);
    const id = (n: number) => hiveId((n * 7919) % fleet.size);
    const status = (n: number) => (Math.floor(n / fleet.size) % 2 ? "online" : "offline");
    const pair = async (doing: string, ours: Operation, theirs: Operation) => {
      progress(doing);
      return inTurn(
        { ours: counted(ours, WRITES_PER_ROUND), theirs: counted(theirs, WRITES_PER_ROUND) },
        { rounds: quick ? 11 : 61 },
      );
    };
    const row = (what: string, meaning: string, atMost: number) =>
      ({ point: POINT, what, meaning, unit: "µs", counterpart: BY_HAND, limit: { atMost } }) as const;

    // Made beforehand: what they cost would bring the two sides nearer to each other.
    const newHives = Array.from({ length: MOST_WRITES }, (_, n) => aNewHive(n));
    const newHive = (n: number) => newHives[n] ?? aNewHive(n);
    const results = [
      compared({
        ...row("addHive", "A hive joins the fleet: checked, stored, on disk.", 1.5),
        ...(await pair(
          "addHive",
          (n) => catalog.addHive(newHive(n)),
          (n) => byHand.addHive(newHive(n)),
        )),
      }),
      compared({
        ...row("updateDevices", "Detection found other devices.", 1.5),
        ...(await pair(
          "updateDevices",
          (n) => catalog.updateDevices(id(n), newHive(n).devices),
          (n) => byHand.updateDevices(id(n), newHive(n).devices),
        )),
      }),
      compared({
        ...row("updateHiveStatus", "A hive goes online or offline.", 1.5),
        ...(await pair(
          "updateHiveStatus",
          (n) => catalog.updateHiveStatus(id(n), status(n)),
          (n) => byHand.updateHiveStatus(id(n), status(n)),
        )),
      }),
      compared({
        ...row("one heartbeat alone", "What a beat costs when no other shares its commit.", 1.25),
        ...(await pair(
          "one heartbeat alone",
          (n) => catalog.updateHeartbeat(id(n), beatAt + n),
          (n) => byHand.updateHeartbeat(id(n), beatAt + n),
        )),
      }),
    ];
    byHand.close();
    await catalog.close();
    return results;
  },
};

/** The same fleet twice: in a catalog, and in a file with the specification's table for the statements by hand. */
export async function openBoth(folder: string, name: string, fleet: Fleet) {
  const path = join(folder, `${name}-catalog.db`);
  await migrateFleet(path);
  await fillFleet(path, fleet);
  const byHandPath = join(folder, `${name}-by-hand.db`);
  const database = new Database(byHandPath);
  database.exec(SPECIFIED_TABLE);
  database.close();
  await fillFleet(byHandPath, fleet);
  const catalog = await HiveCatalog.open(path, { now: () => beatAt });
  return { path, catalog, byHandPath, byHand: HandWritten.open(byHandPath) };
}
