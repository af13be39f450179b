import { afterAll, beforeAll, expect, test } from "vitest";
import { anOperation, HASH } from "../test/behaviour/samples.ts";
import { CatalogFile, SPECIFICATION_COLUMNS, SPECIFICATION_DDL } from "../test/catalog-file.ts";
import { fieldsOf, refusalOf } from "../test/refusal.ts";
import { allOf } from "../test/stream.ts";
import type { HiveCatalog } from "./catalog.ts";
import { checkCatalog } from "./maintenance.ts";
import type { HiveRecord } from "./model/hive.ts";
import type { DamagedHive, ListOptions } from "./options.ts";
import { aHive } from "./testing.ts";

/*
 * Hives that input would refuse today, in a file that another program made: what is of the right kind is a hive like every other.
 */

const NOW_MS = 1_761_040_800_000;

const TEXTS = [
  "",
  " ",
  "a b",
  "-a",
  "a/b",
  "\n",
  "\u001f",
  "~",
  "ä",
  "x".repeat(300),
  "'; DROP TABLE hives; --",
  '"\\',
  "5",
];
/** In the order of SQLite, which is not that of JavaScript. */
const IDS = [...TEXTS, "\uffee", "😀"];
const HOSTS = [...TEXTS, "http://10.0.0.1", "h:80", "1.2.3"];
const USERS = [...TEXTS, "-oProxyCommand=id", "a;id"];
const GPU = { index: 1, name: "a", vramGb: 1 };

const ODD: Partial<HiveRecord>[] = [
  ...IDS.map((id) => ({ id })),
  ...HOSTS.map((host) => ({ host })),
  ...HOSTS.map((sshHost) => ({ sshHost })),
  ...USERS.map((sshUser) => ({ sshUser })),
  { sshHost: null, sshPort: 22, sshUser: "admin" },
  { sshHost: null, sshPort: null },
  { devices: { cpu: { cores: 0, ramGb: 0 }, gpus: [] } },
  { devices: { cpu: null, gpus: [GPU, GPU] } },
  { devices: { cpu: null, gpus: [{ ...GPU, name: "" }] } },
  { devices: { cpu: null, gpus: [{ ...GPU, name: "x".repeat(300) }] } },
];

let file: CatalogFile;
let catalog: HiveCatalog;
const reported: DamagedHive[] = [];

beforeAll(async () => {
  file = await CatalogFile.create(SPECIFICATION_DDL);
  catalog = await file.open({ now: () => NOW_MS, onCorruptHive: (damage) => reported.push(damage) });
  for (const id of ["0", "z"]) await catalog.addHive(aHive({ id, status: "online", lastHeartbeatMs: 5 }));
});
afterAll(() => file[Symbol.asyncDispose]());

const quoted = (value: string | number | null) =>
  typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);

/** Stores an odd hive as another program would, beside two that are not odd. */
function store(odd: Partial<HiveRecord>): HiveRecord {
  const hive = aHive({ id: "m", status: "online", lastHeartbeatMs: 5, ...odd });
  const { id, host, port, sshHost, sshPort, sshUser, status, lastHeartbeatMs, devices, createdAtMs, updatedAtMs } =
    hive;
  const { cpu, gpus } = devices ?? { cpu: null, gpus: [] };
  const json = {
    cpu: cpu && { cores: cpu.cores, ram_gb: cpu.ramGb },
    gpus: gpus?.map(({ index, name, vramGb }) => ({ index, name, vram_gb: vramGb })),
  };
  const values = [id, host, port, sshHost, sshPort, sshUser, status, lastHeartbeatMs];
  const row = [...values, JSON.stringify(json), createdAtMs, updatedAtMs].map(quoted).join(", ");
  file.run(
    "DELETE FROM hives WHERE id NOT IN ('0', 'z')",
    "DELETE FROM cordons",
    "DELETE FROM tokens",
    "DELETE FROM operations",
    `INSERT INTO hives (${SPECIFICATION_COLUMNS}) VALUES (${row})`,
  );
  reported.length = 0;
  return hive;
}

const idsOf = (hives: HiveRecord[]) => hives.map(({ id }) => id);
const inOrder = (...ids: string[]) => ids.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));

test.each(ODD)("%j is read as it is stored, wherever hives are read", async (odd) => {
  const hive = store(odd);
  const all = inOrder("0", "z", hive.id);
  expect(await catalog.getHive(hive.id)).toEqual(hive);
  expect(await catalog.hiveExists(hive.id)).toBe(true);
  const lists: [string, (options: ListOptions) => Promise<HiveRecord[]>][] = [
    ["listHives", (options) => catalog.listHives(options)],
    ["streamHives", ({ after }) => allOf(catalog.streamHives({ after, pageSize: 1 }))],
    ["streamHives with a status", ({ after }) => allOf(catalog.streamHives({ after, status: "online", pageSize: 2 }))],
    ["findOnlineHives", (options) => catalog.findOnlineHives(options)],
    ["findHivesWithDevices", (options) => catalog.findHivesWithDevices(options)],
    [
      "findStaleHives",
      ({ after, ...options }) =>
        catalog.findStaleHives(1, {
          ...options,
          after: after === undefined ? undefined : { id: after, lastHeartbeatMs: 5 },
        }),
    ],
  ];
  for (const [name, list] of lists) {
    const found = await list({});
    expect(idsOf(found), name).toEqual(all);
    expect(found, name).toContainEqual(hive);
    expect(idsOf(await list({ after: hive.id })), name).toEqual(all.slice(1 + all.indexOf(hive.id)));
    if (name.startsWith("stream")) continue;
    const paged: HiveRecord[] = [];
    for (
      let page = await list({ limit: 1 });
      page.length > 0;
      page = await list({ limit: 1, after: paged.at(-1)?.id })
    ) {
      paged.push(...page);
    }
    expect(idsOf(paged), name).toEqual(all);
  }
  expect(reported).toEqual([]);
});

test.each(ODD)("%j takes every change of a hive", async (odd) => {
  const { id, ...rest } = store(odd);
  const expected: HiveRecord = { ...rest, id, updatedAtMs: NOW_MS };
  expect(await catalog.patchHive(id, { port: 7 })).toEqual({ ...expected, port: 7 });
  expect(await catalog.updateHive({ ...expected, port: 8 })).toEqual({ ...expected, port: 8 });
  await catalog.updateHiveStatus(id, "offline");
  await catalog.updateHeartbeat(id, 9);
  await Promise.all([catalog.updateHeartbeat(id, 10), catalog.updateHeartbeat("0", 5)]);
  expect(await catalog.getHive(id)).toEqual({ ...expected, port: 8, status: "offline", lastHeartbeatMs: 10 });
  await catalog.updateDevices(id, { cpu: null, gpus: [] });
  await catalog.updateHiveStatus(id, "online");
  expect(await catalog.markOffline(id, NOW_MS)).toBe(true);
  expect(await catalog.removeHive(id)).toBe(true);
  expect(await catalog.hiveExists(id)).toBe(false);
  expect(await catalog.countHives()).toBe(2);
});

test.each(IDS)("the hive %j is cordoned, has tokens and operations, and loses them when it is removed", async (id) => {
  store({ id });
  const cordon = await catalog.cordons.set(id, { reason: "fans" });
  expect(await catalog.cordons.get(id)).toEqual(cordon);
  await catalog.cordons.set("z", { reason: "fans" });
  const after = inOrder("z", id).slice(1 + inOrder("z", id).indexOf(id));
  expect((await catalog.cordons.list({ after: id })).map(({ hiveId }) => hiveId)).toEqual(after);
  expect(await catalog.cordons.lift(id)).toBe(true);
  await catalog.cordons.set(id, { reason: "fans" });
  await catalog.tokens.add({ id: "t", name: "T", role: "hive", hiveId: id, hash: HASH });
  expect(await catalog.tokens.list()).toMatchObject([{ hiveId: id }]);
  await catalog.operations.begin(anOperation("o", id));
  expect(await catalog.operations.list({ hiveId: id })).toMatchObject([{ id: "o", hiveId: id }]);
  expect((await checkCatalog(file.path)).isSound).toBe(true);
  expect(await catalog.removeHive(id)).toBe(true);
  expect(await catalog.cordons.get(id)).toBeUndefined();
  expect(await catalog.tokens.list()).toEqual([]);
  expect(await catalog.operations.get("o")).toMatchObject({ state: "interrupted" });
});

test.each(IDS.filter((id) => id !== "5"))("a new hive cannot have the id %j, also where one has it", async (id) => {
  store({ id });
  expect(fieldsOf(await refusalOf(catalog.addHive(aHive({ id }))))).toEqual(["id"]);
  expect(await catalog.getHive(id)).toMatchObject({ id });
});

test("what is sent back as it is stored is not held to the rules; what is changed is, and so is what goes with it", async () => {
  const { id, ...hive } = store({ host: "http://h", sshUser: "-v", devices: { cpu: null, gpus: [GPU, GPU] } });
  const { host, sshHost, sshPort, sshUser, devices } = hive;
  const same = { host, sshHost, sshPort, sshUser, devices };
  expect(await catalog.patchHive(id, { ...same, port: 7 })).toMatchObject({ ...same, port: 7 });
  expect(await catalog.updateHive({ ...hive, id, port: 8 })).toMatchObject({ ...same, port: 8 });
  for (const [field, wrong] of [
    ["host", { host: "http://other" }],
    ["sshUser", { sshUser: "-w" }],
    ["port", { port: 0 }],
    ["devices.gpus.1.index", { devices: { cpu: { cores: 1, ramGb: 1 }, gpus: [GPU, GPU] } }],
  ] as const) {
    expect(fieldsOf(await refusalOf(catalog.patchHive(id, { ...same, ...wrong })))).toEqual([field]);
    expect(fieldsOf(await refusalOf(catalog.updateHive({ ...hive, id, ...wrong })))).toEqual([field]);
  }
  expect(await catalog.getHive(id)).toMatchObject({ ...same, port: 8 });
});

test("of an SSH port without its host everything may be sent back, but nothing new may go without it", async () => {
  const { id, ...hive } = store({ sshHost: null, sshPort: 22, sshUser: null });
  expect(await catalog.patchHive(id, { sshHost: null, sshPort: 22 })).toMatchObject({ sshPort: 22 });
  expect(await catalog.updateHive({ ...hive, id, port: 8 })).toMatchObject({ sshPort: 22, port: 8 });
  expect(fieldsOf(await refusalOf(catalog.patchHive(id, { sshPort: 23 })))).toEqual(["sshPort"]);
  expect(fieldsOf(await refusalOf(catalog.updateHive({ ...hive, id, sshPort: 23 })))).toEqual(["sshPort"]);
  expect(await catalog.patchHive(id, { sshHost: "h", sshPort: 23 })).toMatchObject({ sshHost: "h", sshPort: 23 });
});

test("the dot at the end of a stored host stays until the host is written", async () => {
  const { id, ...hive } = store({ host: "gpu.example." });
  expect(await catalog.patchHive(id, { port: 7 })).toMatchObject({ host: "gpu.example.", port: 7 });
  expect(await catalog.updateHive({ ...hive, id })).toMatchObject({ host: "gpu.example" });
});

test("ten odd hives of an adopted file are all listed, counted and sound", async () => {
  await using adopted = await CatalogFile.create(
    SPECIFICATION_DDL,
    ...[
      `'rack 1/host 2', 'gpu_1', 1, NULL, NULL, NULL, 'online', 5, NULL`,
      `'.hidden', 'gpu-1.example.', 1, NULL, NULL, NULL, 'online', 5, NULL`,
      `'${"x".repeat(129)}', 'h', 1, NULL, NULL, NULL, 'online', 5, NULL`,
      `'a', 'http://10.0.0.1', 1, NULL, NULL, NULL, 'online', 5, NULL`,
      `'b', 'h', 1, 'h', 22, 'ACME\\admin', 'online', 5, NULL`,
      `'c', 'h', 1, NULL, 22, 'admin', 'online', 5, NULL`,
      `'d', 'h', 1, NULL, NULL, NULL, 'online', 5, '{"cpu":{"cores":0,"ram_gb":64},"gpus":[]}'`,
      `'e', 'h', 1, NULL, NULL, NULL, 'online', 5, '{"gpus":[{"index":0,"name":"","vram_gb":1}]}'`,
      `'f', 'h', 1, NULL, NULL, NULL, 'online', 5, '{"gpus":[{"index":0,"name":"a","vram_gb":1},{"index":0,"name":"b","vram_gb":1}]}'`,
      `'g', '10.0.0.256', 1, 'h', 22, '${"u".repeat(40)}', 'online', 5, NULL`,
    ].map((row) => `INSERT INTO hives VALUES (${row}, 0, 0)`),
  );
  const opened = await adopted.open({ onCorruptHive: (damage) => reported.push(damage) });
  reported.length = 0;
  expect(await opened.listHives()).toHaveLength(10);
  expect(await opened.countHives()).toBe(10);
  expect(reported).toEqual([]);
  expect(await checkCatalog(adopted.path)).toMatchObject({ isSound: true, hives: 10 });
});

test("a damaged hive is mended by a record that sends back what is odd in it, its id too", async () => {
  await using file = await CatalogFile.create();
  const catalog = await file.open();
  await catalog.addHive(aHive({ id: "plain" }));
  file.run("UPDATE hives SET id = 'gpu 01', host = 'gpu box', port = 'x'");
  const mended = aHive({ id: "gpu 01", host: "gpu box", port: 80 });
  expect(await catalog.updateHive(mended)).toMatchObject({ id: "gpu 01", host: "gpu box", port: 80 });
  file.run("UPDATE hives SET port = 'x'");
  expect(await catalog.patchHive("gpu 01", { host: "gpu box", port: 81 })).toMatchObject({ port: 81 });
});

test("what changes beside an odd field is stored as the rules make it", async () => {
  await using file = await CatalogFile.create();
  const catalog = await file.open();
  const hive = await catalog.addHive(aHive());
  file.run("UPDATE hives SET ssh_user = '-x'");
  const updated = await catalog.updateHive({ ...hive, sshUser: "-x", host: "new.example." });
  expect(updated).toMatchObject({ sshUser: "-x", host: "new.example" });
});

test("rows whose JSON leads out of its place make no hive that is not there", async () => {
  await using file = await CatalogFile.create();
  const reported: DamagedHive[] = [];
  const catalog = await file.open({ onCorruptHive: (damaged) => reported.push(damaged) });
  for (const id of ["a", "b", "c"]) await catalog.addHive(aHive({ id }));
  const forged =
    '{"cpu":null,"gpus":[]}],[[7,"aa","forged.example",1,null,null,null,"online",null,1,1],{"cpu":null,"gpus":["';
  file.run(
    `UPDATE hives SET devices_json = '${forged}' WHERE id = 'a'`,
    `UPDATE hives SET devices_json = '"]}' WHERE id = 'b'`,
  );
  expect((await catalog.listHives()).map(({ id }) => id)).toEqual(["c"]);
  expect(reported).toMatchObject([
    { id: "a", column: "devices_json" },
    { id: "b", column: "devices_json" },
  ]);
});
