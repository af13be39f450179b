import { afterAll, beforeAll, expect, test } from "vitest";
import { CatalogFile, LOOSE_DDL, SPECIFICATION_COLUMNS } from "../test/catalog-file.ts";
import { fieldsOf, refusalOf } from "../test/refusal.ts";
import { allOf } from "../test/stream.ts";
import type { HiveCatalog } from "./catalog.ts";
import type { HiveRecord } from "./model/hive.ts";
import type { DamagedHive, ListOptions } from "./options.ts";
import { aHive } from "./testing.ts";

const NOW_MS = 1_761_040_800_000;

/** Texts that are none, as SQL. The binding aborts the process when it is handed one that is not UTF-8. */
const BROKEN_TEXTS = [
  "CAST(x'ff41' AS TEXT)",
  "CAST(x'41ff' AS TEXT)",
  "CAST(x'eda080' AS TEXT)",
  "CAST(x'c0af' AS TEXT)",
  "CAST(x'80' AS TEXT)",
  "CAST(x'00' AS TEXT)",
  "CAST(x'3100' AS TEXT)",
  "CAST(x'610062' AS TEXT)",
  "CAST(x'6100ff' AS TEXT)",
];
/** Some of them pass for JSON where SQLite looks for it: null, an empty list, an empty object, 8600. */
const BLOBS = ["x'ff41'", "x'61'", "zeroblob(0)", "x'00'", "x'0b'", "x'0c'", "x'4338363030'"];
const NO_TEXTS = [...BROKEN_TEXTS, ...BLOBS];
/** Sound where any text is. */
const TEXTS = [
  "''",
  "' '",
  "char(10)",
  "char(30)",
  "char(31)",
  "'1' || char(31) || '1'",
  "'1|1'",
  "'1' || char(9) || '1'",
  "'-'",
  "'~'",
  "'ä'",
];
/** Written as JSON, the last one is a whole number. */
const FRACTIONS = ["1.5", "9e999", "1795880775482.001"];
const NO_INTEGERS = [
  ...[...NO_TEXTS, ...TEXTS, ...FRACTIONS],
  ...["'abc'", "-1", "9007199254740993", "9223372036854775807", "-9223372036854775808"],
];
const NO_PORTS = [...NO_INTEGERS, "0", "65536"];
const NO_TIMES = [...NO_INTEGERS, "8640000000000001"];
const NO_DEVICES = '{"cpu":null,"gpus":[]}';
const gpu = (name: string) => `'{"cpu":null,"gpus":[{"index":0,"name":"' || ${name} || '","vram_gb":1}]}'`;

const DAMAGE: Record<string, string[]> = {
  id: [...NO_TEXTS, "NULL"],
  host: [...NO_TEXTS, "NULL"],
  port: [...NO_PORTS, "NULL"],
  ssh_host: NO_TEXTS,
  ssh_port: NO_PORTS,
  ssh_user: NO_TEXTS,
  status: [...NO_TEXTS, ...TEXTS, ...FRACTIONS, "NULL", "'Online'", "'dead'", "'online '", "5"],
  last_heartbeat_ms: NO_TIMES,
  devices_json: [
    ...[...NO_TEXTS, ...TEXTS, ...FRACTIONS],
    "'not json'",
    "'{'",
    "'null'",
    "5",
    "'[]'",
    "'{}'",
    `'{"cpu":null}'`,
    `'{"cpu":{"cores":"8","ram_gb":1},"gpus":[]}'`,
    `'{"cpu":{"cores":8,"ram_gb":4294967296},"gpus":[]}'`,
    `'${NO_DEVICES},${NO_DEVICES}'`,
    `'${NO_DEVICES}],[[9,"n","h",1,null,null,null,"online",1,0,0],${NO_DEVICES}'`,
    `'${NO_DEVICES}]]'`,
    gpu("CAST(x'ff' AS TEXT)"),
    gpu("CAST(x'00' AS TEXT)"),
    gpu("char(10)"),
  ],
  created_at_ms: [...NO_TIMES, "NULL"],
  updated_at_ms: [...NO_TIMES, "NULL"],
};
const CASES = Object.entries(DAMAGE).flatMap(([column, values]) => values.map((value) => [column, value] as const));

let file: CatalogFile;
let catalog: HiveCatalog;
let reported: DamagedHive[] = [];

beforeAll(async () => {
  file = await CatalogFile.create(LOOSE_DDL);
  catalog = await file.open({ now: () => NOW_MS, onCorruptHive: (damaged) => reported.push(damaged) });
  for (const id of ["a", "m-damaged", "z"]) {
    await catalog.addHive(aHive({ id, status: "online", lastHeartbeatMs: NOW_MS - 1000 }));
  }
});
afterAll(() => file[Symbol.asyncDispose]());

/** Online, stale hives with devices; the one in the middle of them is damaged. */
function damage(column: string, value: string): void {
  file.run(
    "BEGIN",
    "DELETE FROM hives WHERE id NOT IN ('a', 'z') OR id IS NULL",
    `INSERT INTO hives (${SPECIFICATION_COLUMNS}) SELECT ${SPECIFICATION_COLUMNS.replace("id", "'m-damaged'")} FROM hives WHERE id = 'a'`,
    `UPDATE hives SET ${column} = ${value} WHERE id = 'm-damaged'`,
    "COMMIT",
  );
  reported = [];
}

const idsOf = (hives: HiveRecord[]) => hives.map(({ id }) => id);

test.each(CASES)(
  "%s = %s is reported by the lists, which resolve to every sound hive, and by a read of that hive",
  async (column, value) => {
    damage(column, value);
    const lists: [string, () => Promise<HiveRecord[]>][] = [
      ["listHives", () => catalog.listHives()],
      ["listHives in pages", () => pagedBy(1, (options) => catalog.listHives(options))],
      ["streamHives", () => allOf(catalog.streamHives({ pageSize: 1 }))],
      ["findHivesWithDevices", () => catalog.findHivesWithDevices()],
    ];
    if (column !== "status") lists.push(["findOnlineHives", () => catalog.findOnlineHives()]);
    for (const [name, list] of lists) {
      reported = [];
      expect(idsOf(await list()), name).toEqual(["a", "z"]);
      expect(reported, name).toMatchObject([{ column, problem: expect.stringMatching(/./) }]);
      if (column !== "id") expect(reported[0]?.id).toBe("m-damaged");
    }
    // What is no time of a beat may count as a fresh one.
    reported = [];
    expect(idsOf(await catalog.findStaleHives(1)), "findStaleHives").toEqual(["a", "z"]);
    for (const damaged of reported) expect(damaged.column).toBe(column);
    if (column !== "last_heartbeat_ms") expect(reported).toHaveLength(1);
    if (column === "id") return;
    const error = await refusalOf(catalog.getHive("m-damaged"));
    expect(error).toMatchObject({ code: "CORRUPT_HIVE", hiveId: "m-damaged" });
    expect(fieldsOf(error)).toEqual([column]);
    expect(error.message).toContain("'m-damaged'");
    expect(error.message).toContain(column);
    for (const id of ["a", "z"]) expect((await catalog.getHive(id))?.id).toBe(id);
  },
);

/** Damage that a whole record cannot heal: the id is not found, and createdAtMs is fixed. */
const UNHEALABLE = ["id", "created_at_ms"];

test.each(CASES.filter(([column]) => !UNHEALABLE.includes(column)))(
  "updateHive heals a hive whose %s is %s",
  async (column, value) => {
    damage(column, value);
    const healed = aHive({ id: "m-damaged", status: "offline", lastHeartbeatMs: NOW_MS, updatedAtMs: NOW_MS });
    expect(await catalog.updateHive(healed)).toEqual(healed);
    expect(await catalog.getHive("m-damaged")).toEqual(healed);
    expect(idsOf(await catalog.listHives())).toEqual(["a", "m-damaged", "z"]);
    expect(reported).toEqual([]);
  },
);

test.each(CASES.filter(([column]) => column !== "id"))(
  "removeHive removes a hive whose %s is %s",
  async (column, value) => {
    damage(column, value);
    expect(await catalog.hiveExists("m-damaged")).toBe(true);
    expect(await catalog.countHives()).toBe(3);
    expect(await catalog.removeHive("m-damaged")).toBe(true);
    const added = aHive({ id: "m-damaged" });
    expect(await catalog.addHive(added)).toEqual(added);
    expect(idsOf(await catalog.listHives())).toEqual(["a", "m-damaged", "z"]);
    expect(reported).toEqual([]);
  },
);

test.each(NO_TIMES)("the next beat heals a last_heartbeat_ms of %s", async (value) => {
  damage("last_heartbeat_ms", value);
  await catalog.updateHeartbeat("m-damaged", NOW_MS - 5);
  expect((await catalog.getHive("m-damaged"))?.lastHeartbeatMs).toBe(NOW_MS - 5);
});

test.each(NO_TIMES)("a beat in a group heals a last_heartbeat_ms of %s", async (value) => {
  damage("last_heartbeat_ms", value);
  await Promise.all(["a", "m-damaged"].map((id) => catalog.updateHeartbeat(id, NOW_MS - 1000)));
  expect((await catalog.getHive("m-damaged"))?.lastHeartbeatMs).toBe(NOW_MS - 1000);
});

test("a hive with a damaged heartbeat can be marked offline", async () => {
  damage("last_heartbeat_ms", "'abc'");
  expect(await catalog.markOffline("m-damaged", NOW_MS)).toBe(true);
});

test("updateDevices, updateHiveStatus and patchHive heal the column that they write", async () => {
  damage("devices_json", "'not json'");
  await catalog.updateDevices("m-damaged", { cpu: null, gpus: [] });
  expect((await catalog.getHive("m-damaged"))?.devices).toEqual({ cpu: null, gpus: [] });
  damage("status", "'dead'");
  await catalog.updateHiveStatus("m-damaged", "online");
  expect((await catalog.getHive("m-damaged"))?.status).toBe("online");
  damage("port", "'x'");
  expect((await catalog.patchHive("m-damaged", { port: 7 })).port).toBe(7);
});

test("patchHive of a hive with another damaged column stores the changes and throws CORRUPT_HIVE", async () => {
  damage("devices_json", "'not json'");
  const error = await refusalOf(catalog.patchHive("m-damaged", { port: 7 }));
  expect(error).toMatchObject({ code: "CORRUPT_HIVE", hiveId: "m-damaged" });
  expect(file.read("SELECT port FROM hives WHERE id = 'm-damaged'")).toEqual([[7]]);
});

test("updateHive of a hive with a damaged created_at_ms, which it may not touch, stores the rest and throws CORRUPT_HIVE", async () => {
  damage("created_at_ms", "'then'");
  const error = await refusalOf(catalog.updateHive(aHive({ id: "m-damaged", port: 7 })));
  expect(error).toMatchObject({ code: "CORRUPT_HIVE", problems: [{ field: "created_at_ms" }] });
  expect(file.read("SELECT port, created_at_ms FROM hives WHERE id = 'm-damaged'")).toEqual([[7, "then"]]);
});

test("a row with several damaged columns is one hive left out, and each column is named", async () => {
  damage("port", "0");
  file.run("UPDATE hives SET status = 'dead', ssh_port = 0, devices_json = x'00' WHERE id = 'm-damaged'");
  const columns = ["port", "ssh_port", "status", "devices_json"];
  expect(idsOf(await catalog.listHives())).toEqual(["a", "z"]);
  expect(reported.map(({ column }) => column)).toEqual(columns);
  expect(fieldsOf(await refusalOf(catalog.getHive("m-damaged")))).toEqual(columns);
});

test("a call's own onCorruptHive takes the place of the catalog's", async () => {
  damage("port", "0");
  const own: DamagedHive[] = [];
  const onCorruptHive = (damaged: DamagedHive) => own.push(damaged);
  const calls: (() => Promise<unknown>)[] = [
    () => catalog.listHives({ onCorruptHive }),
    () => catalog.findOnlineHives({ onCorruptHive }),
    () => catalog.findStaleHives(1, { onCorruptHive }),
    () => allOf(catalog.streamHives({ onCorruptHive })),
  ];
  for (const call of calls) await call();
  expect(own).toHaveLength(calls.length);
  expect(reported).toEqual([]);
});

test("a value of a megabyte does not fill the report", async () => {
  damage("status", "hex(zeroblob(1000000))");
  await catalog.listHives();
  expect(reported[0]?.problem.length).toBeLessThan(1_000);
});

test("each finder reports the damaged rows among its own", async () => {
  damage("port", "0");
  const finders: [string, () => Promise<HiveRecord[]>][] = [
    ["status = 'online'", () => catalog.findHivesByStatus("online")],
    ["status = 'online'", () => catalog.findOnlineHives()],
    ["status = 'offline'", () => catalog.findOfflineHives()],
    ["status = 'online'", () => catalog.findHivesWithDevices()],
    ["devices_json = NULL", () => catalog.findHivesWithoutDevices()],
    ["last_heartbeat_ms = 1", () => catalog.findStaleHives(1)],
  ];
  for (const [state, find] of finders) {
    file.run(`UPDATE hives SET ${state}`);
    reported = [];
    expect(idsOf(await find()), String(find)).toEqual(["a", "z"]);
    expect(reported, String(find)).toMatchObject([{ id: "m-damaged", column: "port" }]);
  }
});

/** All pages of a finder, joined; each but the last must be full. */
async function pagedBy(
  limit: number,
  find: (options: ListOptions) => ReturnType<HiveCatalog["listHives"]>,
): Promise<HiveRecord[]> {
  const joined: HiveRecord[] = [];
  for (let after: string | undefined; joined.length < 1_000; after = joined.at(-1)?.id) {
    const page = await find({ after, limit });
    expect(page.length).toBeLessThanOrEqual(limit);
    joined.push(...page);
    if (page.length < limit) return joined;
  }
  throw new Error("the pages never end");
}
