import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { type FindOptions, HiveCatalog } from "@repo/hive-catalog";
import Database from "libsql";
import { FindingByHand } from "./counterparts/finding-by-hand.ts";
import { beatAt, hiveId, makeFleet } from "./harness/fleet.ts";
import { calibrated, groupsInTurn, type Operation, worstOf } from "./harness/measure.ts";
import { absolute, type Benchmark, type BenchmarkContext, compared, type Result } from "./harness/result.ts";

const POINT = 11;
const PAGE = 100;
const WINDOWS = 10;
const RACK = ["rack", "r00012"] as const;
const PROD = ["env", "prod"] as const;
/** That of all hives of the rack. */
const ZONE = ["zone", "z8"] as const;
/** The monitor's own tick, which is in everything that it sees. */
const TICK_MS = 1;
const STALL_MS = 20;

type Pair = { what: string; meaning: string; ours: Operation; theirs: Operation };

export const finding: Benchmark = {
  name: "finding",
  async run(context) {
    const { path, size, bytes } = await labelledFleet(context);
    const catalog = await HiveCatalog.open(path, { now: () => beatAt });
    // What is left to look at would go on in the background of what is measured.
    await catalog.gpuRows.derive();
    const byHand = new FindingByHand(path);
    const pairs = pairsOf(catalog, byHand, size);
    const results = await inTurn(context, pairs, `${size} hives`);
    const stalls = await stallRow(context, catalog, size);
    byHand.close();
    await catalog.close();
    return [...results, stalls, ...sizeRows(bytes)];
  },
};

/** A fleet with labels: `env`, `zone` and `rack` for all, `team` for a third. */
async function labelledFleet({ folder, quick, progress }: BenchmarkContext) {
  const size = quick ? 100_000 : 1_000_000;
  const path = join(folder, "labelled.db");
  progress(`filling a file with ${size} hives and their labels`);
  await makeFleet(path, { size, devices: "kinds" });
  const database = new Database(path);
  database.exec("PRAGMA synchronous = OFF");
  database.exec("PRAGMA cache_size = -200000");
  const hives = "SELECT id, CAST(substr(id, 6) AS INTEGER) AS i FROM hives";
  const add = (key: string, value: string, where = "true") =>
    database.exec(
      `INSERT INTO hive_labels (hive_id, key, value) SELECT id, '${key}', ${value} FROM (${hives}) WHERE ${where} ORDER BY 3, 1`,
    );
  add("env", "iif(i % 10 = 0, 'dev', 'prod')");
  add("zone", "printf('z%d', i % 10)");
  add("rack", "printf('r%05d', i * 7919 % (SELECT max(1, count(*) / 40) FROM hives))");
  add("team", "'ml'", "i % 3 = 0");
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  const bytes = { label: bytesPerRow(database, "hive_labels"), gpu: bytesPerRow(database, "hive_gpus") };
  database.close();
  return { path, size, bytes };
}

/** Of a table with its indexes. */
function bytesPerRow(database: Database.Database, table: string): number {
  const one = (sql: string) => Number((database.prepare(sql).raw(true).get() as [number])[0]);
  const ofTable = `SELECT name FROM sqlite_schema WHERE tbl_name = '${table}'`;
  return one(`SELECT sum(pgsize) FROM dbstat WHERE name IN (${ofTable})`) / one(`SELECT count(*) FROM ${table}`);
}

function pairsOf(catalog: HiveCatalog, byHand: FindingByHand, size: number): Pair[] {
  const after = (n: number) => hiveId((n * 7_368_787) % (size >> 1));
  const ids = (n: number) =>
    Array.from({ length: PAGE }, (_, place) => hiveId(((n * 7_368_787) % (size >> 1)) + place));
  const find = (options: FindOptions) => (n: number) => catalog.findHives({ ...options, after: after(n), limit: PAGE });
  return [
    {
      what: `a page of ${PAGE} by a frequent label`,
      meaning: "`env=prod`, which nine of ten hives have.",
      ours: find({ selector: "env=prod" }),
      theirs: (n) => byHand.byLabel(PROD, after(n), PAGE),
    },
    {
      what: "a page by a rare label",
      meaning: "`rack=…`, which forty hives have.",
      ours: find({ selector: "rack=r00012" }),
      theirs: (n) => byHand.byLabel(RACK, after(n), PAGE),
    },
    {
      what: "a page by three labels",
      meaning: "A rare one and two frequent ones: by hand led by the rare one, which the finder has to find out.",
      ours: find({ selector: "env=prod,rack=r00012,zone=z8" }),
      theirs: (n) => byHand.byThree([RACK, PROD, ZONE], after(n), PAGE),
    },
    {
      what: `a page of ${PAGE} by one of two values`,
      meaning: "`zone in (z0,z1)`, by hand a UNION ALL of two ordered statements.",
      ours: find({ selector: "zone in (z0,z1)" }),
      theirs: (n) => byHand.byOneOf("zone", ["z0", "z1"], after(n), PAGE),
    },
    {
      what: `a page of ${PAGE} by a GPU`,
      meaning: "A model with so much memory; the finder has to find out which models of the fleet have that name.",
      ours: find({ gpu: "RTX 3060:8GB:1" }),
      theirs: (n) => byHand.byGpu("rtx 3060", 8, 1, after(n), PAGE),
    },
    {
      what: `${WINDOWS} windows of 2,000 hives without a hit`,
      meaning:
        "The worst selector: one that no index serves and no hive meets. A call ends then, and says where to go on.",
      ours: find({ selector: "env notin (dev,prod),zone!=z2" }),
      theirs: (n) => byHand.byScan([PROD, ["env", "dev"]], after(n), WINDOWS),
    },
    {
      what: "a key with its values and bounded counts",
      meaning: "Of `env`: its two values, and how many have them, up to 1,000.",
      ours: () => catalog.labels.keys({ limit: 1 }),
      theirs: () => byHand.counts("env", ["dev", "prod"]),
    },
    {
      what: `the labels of ${PAGE} hives`,
      meaning: "What a list of hives shows beside their records.",
      ours: (n) => catalog.labels.ofHives(ids(n)),
      theirs: (n) => byHand.labelsOf(ids(n)),
    },
    {
      what: `a page of ${PAGE} by a part of a text`,
      meaning: "`99` in an id, a host or the value of a label.",
      ours: find({ text: "99" }),
      theirs: (n) => byHand.byText("99", after(n), PAGE),
    },
  ];
}

async function inTurn({ quick, progress }: BenchmarkContext, pairs: readonly Pair[], fleet: string): Promise<Result[]> {
  const rounds = quick ? 5 : 25;
  const seen = await groupsInTurn(
    pairs.map(({ ours, theirs }) => ({ ours: calibrated(ours), theirs: calibrated(theirs) })),
    { rounds, onRound: (round) => progress(`round ${round} of ${rounds}`) },
  );
  const row = { point: POINT, unit: "µs", counterpart: "one statement by hand", limit: { atMost: 3 } } as const;
  return pairs.map(({ what, meaning }, place) =>
    compared({ ...row, what: `${what}, ${fleet}`, meaning, ...(seen[place] ?? { ours: [], theirs: [] }) }),
  );
}

/** The worst that can be asked, one call after the other. */
async function stallRow({ quick, progress }: BenchmarkContext, catalog: HiveCatalog, size: number): Promise<Result> {
  const worst: FindOptions[] = [
    { selector: "env notin (dev,prod),zone!=z2,!team" },
    { selector: "nope", gpu: "nvidia:1000GB" },
    { gpu: "0..0", ram: "100TB", text: "nowhere" },
    { selector: Array.from({ length: 16 }, (_, n) => `key-${n}!=x`).join(","), cordoned: true, status: "online" },
    { selector: "env=prod,zone in (z0,z1,z2,z3),team!=ml,rack!=r00012", cores: "1000" },
  ];
  const stallsMs: number[] = [];
  for (let round = 0; round < (quick ? 3 : 15); round++) {
    progress(`the worst selectors, round ${round + 1}`);
    for (const [place, options] of worst.entries()) {
      const stalls = monitorEventLoopDelay({ resolution: TICK_MS });
      stalls.enable();
      await catalog.findHives({
        ...options,
        limit: 1000,
        after: hiveId(((round * 5 + place) * 7_368_787) % (size >> 1)),
      });
      stalls.disable();
      stallsMs.push(Math.max(0, stalls.max / 1e6 - TICK_MS));
    }
  }
  return absolute({
    point: POINT,
    what: "longest stall of the event loop, the worst selectors",
    meaning: "What heartbeats wait for while somebody asks for what nobody has.",
    unit: "ms",
    ours: stallsMs,
    limit: { atMost: STALL_MS },
    note: worstOf(stallsMs),
  });
}

function sizeRows({ label, gpu }: { label: number; gpu: number }): Result[] {
  const row = { point: POINT, unit: "bytes" } as const;
  return [
    absolute({
      ...row,
      what: "size of the file per label",
      meaning: "The row and its two indexes, with keys and values of four letters and ids of twelve.",
      ours: [label],
    }),
    absolute({
      ...row,
      what: "size of the file per kind of GPU of a hive",
      meaning: "The row that is derived of the devices, and its two indexes.",
      ours: [gpu],
    }),
  ];
}
