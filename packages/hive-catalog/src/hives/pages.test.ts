import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CatalogFile, SPECIFICATION_DDL } from "../../test/catalog-file.ts";
import { allOf } from "../../test/stream.ts";
import type { HiveCatalog } from "../catalog.ts";
import type { HiveRecord } from "../model/hive.ts";
import type { DamagedHive, FoundHives } from "../options.ts";

const NOW_MS = 1_761_040_800_000;

/** Rows by kind, in SQL: the id, and the port that makes the row sound or not. */
const row = (id: string, port = "1") =>
  `INSERT INTO hives (id, host, port, last_heartbeat_ms, created_at_ms, updated_at_ms) VALUES (${id}, 'h', ${port}, 1, 0, 0)`;
const sound = (...ids: string[]) => ids.map((id) => row(`'${id}'`));
const damaged = (...ids: string[]) => ids.map((id) => row(`'${id}'`, "0"));
/** Longer than two may be that are read at once; they lack their GPUs. */
const MORE = `json_object('cpu', NULL, 'gpus', NULL, 'more', hex(zeroblob(263000)))`;
const withMore = (row: string) =>
  row.replace("updated_at_ms)", "updated_at_ms, devices_json)").replace(/\)$/, `, ${MORE})`);
const long = (...ids: string[]) => sound(...ids).map(withMore);
const longDamaged = (...ids: string[]) => damaged(...ids).map(withMore);
/** Two are longer than what one page reads. */
const half = (row: string) => withMore(row).replace("263000", "132000");
const times = (count: number, id: string) => Array.from({ length: count }, () => row(id));
const numbered = (count: number, id: (index: number) => string) => Array.from({ length: count }, (_, i) => row(id(i)));

const FLEETS: [string, string[]][] = [
  ["no damage", sound("a", "b", "c")],
  ["damage at the start", [...damaged("a", "b"), ...sound("c", "d", "e")]],
  ["damage at the end", [...sound("a", "b", "c"), ...damaged("d", "e")]],
  ["every second one damaged", [...sound("a", "c", "e", "g"), ...damaged("b", "d", "f", "h")]],
  ["a long damaged stretch", [...sound("a", "z"), ...damaged(..."bcdefghijklmnop")]],
  ["nothing but damage", damaged("a", "b", "c")],
  ["odd ids, which are sound", [...sound("a", "b", "c"), ...numbered(4, (i) => `'b ${i}'`)]],
  ["ids that are no ASCII", [...sound("a", "b", "c"), ...numbered(4, (i) => `'b ä${i}'`)]],
  ["ids that are no UTF-8", [...sound("a", "b", "c"), ...numbered(4, (i) => `CAST(x'62ff4${i}' AS TEXT)`)]],
  ["ids with a NUL inside", [...sound("a", "b", "c"), ...numbered(4, (i) => `CAST(x'62004${i}' AS TEXT)`)]],
  ["ids that begin with a NUL", [...sound("a", "b", "c"), ...numbered(4, (i) => `CAST(x'004${i}' AS TEXT)`)]],
  ["ids with the character 31", [...sound("a", "b", "c"), ...numbered(4, (i) => `'b' || char(31) || '${i}'`)]],
  ["ids that are BLOBs", [...sound("a", "b", "c"), ...numbered(4, (i) => `x'62${i}0'`)]],
  ["ids that are numbers", [...sound("a", "b"), ...numbered(2, (i) => `-${i + 1}`)]],
  ["one NULL id", [...sound("a", "b", "c"), ...times(1, "NULL")]],
  ["two NULL ids", [...sound("a", "b", "c", "d"), ...times(2, "NULL")]],
  ["many NULL ids", [...sound("a", "b", "c", "d", "e"), ...times(9, "NULL")]],
  ["long devices", [...sound("a", "c", "d", "g"), ...long("b", "e", "f")]],
  ["long devices behind NULL ids", [...times(3, "NULL"), ...long("a", "b"), ...sound("c")]],
  ["long devices that are damaged", [...sound("a", "d"), ...long("b"), ...longDamaged("c", "e")]],
  ["devices of which a page has two", [...sound("a", "c", "e"), ...damaged("b", "d", "f")].map(half)],
  [
    "all of it",
    [
      ...times(3, "NULL"),
      ...damaged("0", "m", "z"),
      ...sound("a", "b", "n", "x"),
      ...numbered(3, (i) => `'m ${i}'`),
      ...numbered(3, (i) => `x'0${i}'`),
    ],
  ],
];

async function catalogWith(rows: string[]) {
  const file = await CatalogFile.create(SPECIFICATION_DDL, ...rows);
  const reported: DamagedHive[] = [];
  const catalog = await file.open({ now: () => NOW_MS, onCorruptHive: (damage) => reported.push(damage) });
  const soundIds = (await catalog.listHives()).map(({ id }) => id);
  const damagedCount = reported.length;
  expect(soundIds.length + damagedCount).toBe(rows.length);
  reported.length = 0;
  return { file, catalog, reported, soundIds, damagedCount };
}

const sizesFor = (rows: readonly string[]) => Array.from({ length: rows.length + 1 }, (_, n) => n + 1);

describe.each(FLEETS)("with %s,", (_name, rows) => {
  let fleet: Awaited<ReturnType<typeof catalogWith>>;
  beforeAll(async () => {
    fleet = await catalogWith(rows);
  });
  afterAll(() => fleet.file[Symbol.asyncDispose]());

  test("pages of any size are full but for the last, and hold every sound hive once", async () => {
    const { catalog, soundIds } = fleet;
    expect(soundIds).toEqual([...soundIds].sort());
    const finders: ((limit: number, last: HiveRecord | undefined) => ReturnType<HiveCatalog["listHives"]>)[] = [
      (limit, last) => catalog.listHives({ limit, after: last?.id }),
      (limit, last) => catalog.findHivesByStatus("unknown", { limit, after: last?.id }),
      (limit, last) => catalog.findHivesWithoutDevices({ limit, after: last?.id }),
      (limit, last) => catalog.findStaleHives(1, { limit, after: last }),
    ];
    for (const find of finders) {
      for (const limit of sizesFor(rows)) {
        const seen: string[] = [];
        for (let last: HiveRecord | undefined; ; ) {
          const page = await find(limit, last);
          expect(page.length, `limit ${limit} of ${find}`).toBeLessThanOrEqual(limit);
          seen.push(...page.map(({ id }) => id));
          if (page.length < limit) break;
          expect(seen.length, `limit ${limit} of ${find}`).toBeLessThanOrEqual(soundIds.length);
          last = page.at(-1);
        }
        expect(seen, `limit ${limit} of ${find}`).toEqual(soundIds);
      }
    }
  });

  test("a stream yields every sound hive once and reports every damaged row once", async () => {
    const { catalog, reported, soundIds, damagedCount } = fleet;
    for (const pageSize of sizesFor(rows)) {
      reported.length = 0;
      const streamed = await allOf(catalog.streamHives({ pageSize }));
      expect(
        streamed.map(({ id }) => id),
        `page size ${pageSize}`,
      ).toEqual(soundIds);
      expect(reported, `page size ${pageSize}`).toHaveLength(damagedCount);
    }
  });

  test("pages of what is found hold every sound hive once and report every damaged row once", async () => {
    const { catalog, reported, soundIds } = fleet;
    reported.length = 0;
    await catalog.listHives();
    const damaged = [...reported];
    for (const conditions of [{}, { status: "unknown" }] as const) {
      for (const limit of sizesFor(rows)) {
        reported.length = 0;
        const seen: string[] = [];
        for (let after: string | undefined | null; after !== null; ) {
          const page: FoundHives = await catalog.findHives({ ...conditions, limit, after });
          seen.push(...page.hives.map(({ id }) => id));
          after = page.nextAfter;
        }
        expect(seen, `limit ${limit}`).toEqual(soundIds);
        expect(reported, `limit ${limit}`).toEqual(damaged);
      }
    }
  });
});

test("more damaged rows than one batch holds are read past", async () => {
  const many = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 599)
    INSERT INTO hives (id, host, port, created_at_ms, updated_at_ms)`;
  const { file, catalog } = await manyDamaged([
    `${many} SELECT NULL, 'h', 1, 0, 0 FROM n`,
    `${many} SELECT 'b' || char(0) || i, 'h', 1, 0, 0 FROM n`,
    `${many} SELECT CAST('c' || i AS BLOB), 'h', 1, 0, 0 FROM n`,
  ]);
  await using _ = file;
  let damage = 0;
  const onCorruptHive = () => damage++;
  expect((await catalog.listHives({ onCorruptHive })).map(({ id }) => id)).toEqual(["a", "b", "c"]);
  expect(damage).toBe(1_800);
  expect((await catalog.listHives({ limit: 2, onCorruptHive })).map(({ id }) => id)).toEqual(["a", "b"]);
  expect((await catalog.listHives({ limit: 2, after: "b", onCorruptHive })).map(({ id }) => id)).toEqual(["c"]);
  expect(await allOf(catalog.streamHives({ pageSize: 100, onCorruptHive }))).toHaveLength(3);
});

/** What is no time, in the order in which SQLite has it among the beats; the last two are not stale, whatever the clock says. */
const NO_BEATS = ["-9e999", "-9223372036854775808", "-9223372036854775807", "-9007199254740993", "-1", "0.5"];
const FAR_AHEAD = ["1e300", "9223372036854775807"];

test("findStaleHives ends, page by page too, past beats that no time can be, and tells each once", async () => {
  const beating = (beat: string, index: number) => row(`'n-${index}'`).replace(", 1, 0, 0)", `, ${beat}, 0, 0)`);
  const rows = [...sound("a", "z"), ...[...NO_BEATS, ...FAR_AHEAD].map(beating)];
  await using file = await CatalogFile.create(SPECIFICATION_DDL, ...rows);
  const reported: DamagedHive[] = [];
  const catalog = await file.open({ now: () => NOW_MS, onCorruptHive: (damage) => reported.push(damage) });
  for (const limit of [1, 2, 3, 100]) {
    reported.length = 0;
    const found: HiveRecord[] = [];
    for (;;) {
      const page = await catalog.findStaleHives(1, { limit, after: found.at(-1) });
      found.push(...page);
      if (page.length < limit) break;
    }
    expect(
      found.map(({ id }) => id),
      `limit ${limit}`,
    ).toEqual(["a", "z"]);
    expect(
      reported.map(({ id }) => id),
      `limit ${limit}`,
    ).toEqual(NO_BEATS.map((_, index) => `n-${index}`));
  }
  await catalog.close();
});

async function manyDamaged(rows: string[]) {
  const file = await CatalogFile.create(SPECIFICATION_DDL, ...sound("a", "b", "c"), ...rows);
  return { file, catalog: await file.open() };
}
