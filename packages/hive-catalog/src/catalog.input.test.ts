import { afterAll, beforeAll, expect, test } from "vitest";
import { fieldsOf, refusalOf } from "../test/refusal.ts";
import type { HiveCatalog } from "./catalog.ts";
import type { HiveChanges, HiveRecord, NewHive } from "./model/hive.ts";
import { aHive, openTestCatalog } from "./testing.ts";

const TIMES = [-1, 1.5, "1761040800000", Number.NaN, Number.POSITIVE_INFINITY, 8_640_000_000_000_001, 2 ** 53, true];
const PORTS = [0, 65_536, -1, 8600.5, "8600", Number.NaN, Number.POSITIVE_INFINITY, [8600], new Date(5)];
const HOSTS = [
  "",
  " ",
  "a b",
  "http://10.0.0.1",
  "h:8600",
  "10.0.0.1:8600",
  "[::1]",
  "256.0.0.1",
  "a..b",
  "-a",
  "ä",
  "h\0",
  5,
];

/** A wrong value for one field, and the field that the error names. */
const BAD_DEVICES: [string, unknown][] = [
  ["devices", "none"],
  ["devices", []],
  ["devices.gpus", { cpu: null }],
  ["devices.cpu", { gpus: [] }],
  ["devices.cpu.cores", { cpu: { cores: 0, ramGb: 1 }, gpus: [] }],
  ["devices.cpu.ramGb", { cpu: { cores: 1, ramGb: -1 }, gpus: [] }],
  ["devices.cpu.ramGb", { cpu: { cores: 1, ramGb: 2 ** 32 }, gpus: [] }],
  ["devices.gpus.0.vramGb", { cpu: null, gpus: [{ index: 0, name: "a", vramGb: 1.5 }] }],
  ["devices.gpus.0.name", { cpu: null, gpus: [{ index: 0, name: "", vramGb: 1 }] }],
  ["devices.gpus.0.index", { cpu: null, gpus: [{ index: -1, name: "a", vramGb: 1 }] }],
  [
    "devices.gpus.1.index",
    {
      cpu: null,
      gpus: [
        { index: 3, name: "a", vramGb: 1 },
        { index: 3, name: "b", vramGb: 1 },
      ],
    },
  ],
];

const SETTABLE: [string, unknown][] = [
  ...HOSTS.map((value): [string, unknown] => ["host", value]),
  ["host", null],
  ...PORTS.map((value): [string, unknown] => ["port", value]),
  ["port", null],
  ...HOSTS.map((value): [string, unknown] => ["sshHost", value]),
  ...PORTS.map((value): [string, unknown] => ["sshPort", value]),
  ...["", "-oProxyCommand=id", "a b", "a;id", "a".repeat(65), "@a", "a@-b", "ä", "a\n", "a\0", 5].map(
    (value): [string, unknown] => ["sshUser", value],
  ),
  ...["Online", "ONLINE", "dead", "", null, 1, true].map((value): [string, unknown] => ["status", value]),
  ["colour", "red"],
  ["ssh_host", "10.0.0.1"],
];
const RECORD: [string, unknown][] = [
  ...SETTABLE,
  ...TIMES.flatMap((value): [string, unknown][] => [
    ["lastHeartbeatMs", value],
    ["createdAtMs", value],
    ["updatedAtMs", value],
  ]),
  ["createdAtMs", null],
  ["updatedAtMs", null],
];
const IDS = [
  "",
  " ",
  "a b",
  " a",
  "a\n",
  "-a",
  ".a",
  "_a",
  "a/b",
  "a:b",
  "../a",
  "ä",
  "a\0",
  "a".repeat(129),
  5,
  null,
  undefined,
  {},
];

/** What no hive has, in whatever catalog: a call that changes one is told so, and not that there is none. */
const NO_KEYS = ["a\0", "\0", "a\ud800b", "\udc00", 5, null, undefined, {}, ["a"], true];

let catalog: HiveCatalog;
let stored: HiveRecord;

beforeAll(async () => {
  catalog = await openTestCatalog();
  stored = await catalog.addHive(aHive());
});
afterAll(() => catalog.close());

async function expectRefusal(work: Promise<unknown>, field: string, value: unknown): Promise<void> {
  const error = await refusalOf(work);
  const label = `${field}: ${String(value)}`;
  expect(error.code, label).toBe("INVALID_HIVE");
  expect(fieldsOf(error), label).toContain(field);
  expect(error.message, label).toContain(`${field}: `);
  expect(await catalog.listHives(), label).toEqual([stored]);
}

test.each(RECORD)("addHive refuses a bad %s (%j), names it and stores nothing", async (field, value) => {
  const hive = { ...aHive({ id: "new" }), [field]: value };
  await expectRefusal(catalog.addHive(hive as unknown as NewHive), field, value);
});

test.each(RECORD)("updateHive refuses a bad %s (%j), names it and stores nothing", async (field, value) => {
  await expectRefusal(catalog.updateHive({ ...stored, [field]: value } as unknown as HiveRecord), field, value);
});

test.each(SETTABLE)("patchHive refuses a bad %s (%j), names it and stores nothing", async (field, value) => {
  await expectRefusal(catalog.patchHive(stored.id, { [field]: value } as unknown as HiveChanges), field, value);
});

test.each(["id", "lastHeartbeatMs", "createdAtMs", "updatedAtMs"])(
  "patchHive refuses %s, which no patch may change",
  async (field) => {
    const value = stored[field as keyof HiveRecord];
    await expectRefusal(catalog.patchHive(stored.id, { [field]: value } as unknown as HiveChanges), field, value);
  },
);

test.each(BAD_DEVICES)(
  "%s is named when the devices are bad, by every method that takes devices",
  async (field, devices) => {
    const bad = devices as HiveRecord["devices"];
    await expectRefusal(catalog.addHive(aHive({ id: "new", devices: bad })), field, devices);
    await expectRefusal(catalog.updateHive({ ...stored, devices: bad }), field, devices);
    await expectRefusal(catalog.patchHive(stored.id, { devices: bad }), field, devices);
    await expectRefusal(
      catalog.updateDevices(stored.id, devices as NonNullable<HiveRecord["devices"]>),
      field,
      devices,
    );
  },
);

test("updateDevices refuses null: devices that are gone are an empty list", async () => {
  await expectRefusal(
    catalog.updateDevices(stored.id, null as unknown as NonNullable<HiveRecord["devices"]>),
    "devices",
    null,
  );
});

test.each([...IDS, ...NO_KEYS])("addHive refuses the id %j with INVALID_HIVE", async (value) => {
  await expectRefusal(catalog.addHive({ ...aHive(), id: value as string }), "id", value);
});

test.each(NO_KEYS)("every method that changes a hive refuses the id %j with INVALID_HIVE", async (value) => {
  const id = value as string;
  await expectRefusal(catalog.updateHive({ ...aHive(), id }), "id", id);
  await expectRefusal(catalog.patchHive(id, { port: 1 }), "id", id);
  await expectRefusal(catalog.updateHiveStatus(id, "online"), "id", id);
  await expectRefusal(catalog.updateHeartbeat(id, 1), "id", id);
  await expectRefusal(catalog.updateDevices(id, { cpu: null, gpus: [] }), "id", id);
});

test.each(IDS.filter((id) => typeof id === "string" && id !== "a\0") as string[])(
  "a change of a hive with the id %j, which no new hive may have, says that there is none",
  async (id) => {
    const changes = [
      catalog.updateHive(aHive({ id })),
      catalog.patchHive(id, { port: 1 }),
      catalog.updateHiveStatus(id, "online"),
      catalog.updateHeartbeat(id, 1),
      catalog.updateDevices(id, { cpu: null, gpus: [] }),
    ];
    for (const refusal of await Promise.all(changes.map(refusalOf))) {
      expect(refusal).toMatchObject({ code: "HIVE_NOT_FOUND", hiveId: id });
    }
    expect(await catalog.markOffline(id, 1)).toBe(false);
    expect(await catalog.removeHive(id)).toBe(false);
    expect(await catalog.listHives()).toEqual([stored]);
  },
);

test.each([...TIMES, null, undefined])("updateHeartbeat refuses the time %j", async (time) => {
  await expectRefusal(catalog.updateHeartbeat(stored.id, time as number), "timestampMs", time);
});

test.each(["Online", "", "dead", null, undefined, 5])("updateHiveStatus refuses the status %j", async (status) => {
  await expectRefusal(catalog.updateHiveStatus(stored.id, status as HiveRecord["status"]), "status", status);
});

test.each([
  ["sshPort", { sshHost: null, sshPort: 22, sshUser: null }],
  ["sshUser", { sshHost: null, sshPort: null, sshUser: "admin" }],
])("%s without sshHost is refused by addHive and updateHive", async (field, ssh) => {
  await expectRefusal(catalog.addHive(aHive({ id: "new", ...ssh })), field, ssh);
  await expectRefusal(catalog.updateHive({ ...stored, ...ssh }), field, ssh);
});

test.each(["id", "host", "port"])("addHive asks for %s", async (field) => {
  const { [field as "id"]: _left, ...rest } = aHive({ id: "new" });
  await expectRefusal(catalog.addHive(rest as unknown as NewHive), field, undefined);
});

test.each(Object.keys(aHive()))("updateHive asks for %s: it replaces the whole record", async (field) => {
  const { [field as "id"]: _left, ...rest } = stored;
  await expectRefusal(catalog.updateHive(rest as unknown as HiveRecord), field, undefined);
});

test.each([null, undefined, "hive", 5, []])("%j is no hive", async (value) => {
  expect((await refusalOf(catalog.addHive(value as unknown as NewHive))).code).toBe("INVALID_HIVE");
  expect((await refusalOf(catalog.updateHive(value as unknown as HiveRecord))).code).toBe("INVALID_HIVE");
  expect((await refusalOf(catalog.patchHive(stored.id, value as unknown as HiveChanges))).code).toBe("INVALID_HIVE");
  expect(await catalog.listHives()).toEqual([stored]);
});

test("a bigint is refused like any other value that is no number", async () => {
  await expectRefusal(catalog.patchHive(stored.id, { port: 8600n } as unknown as HiveChanges), "port", 8600n);
});

test("several bad fields are named at once, with what arrived", async () => {
  const error = await refusalOf(catalog.addHive({ id: "a b", host: "x:1", port: 65_536, sshUser: "-v" }));
  expect(fieldsOf(error)).toEqual(expect.arrayContaining(["id", "host", "port", "sshUser"]));
  for (const arrived of ['"a b"', '"x:1"', "65536", '"-v"']) expect(error.message).toContain(arrived);
});

test("a value of a megabyte does not fill the message", async () => {
  const id = "x".repeat(2 ** 20);
  const calls = [
    catalog.addHive({ id, host: "h", port: 1 }),
    catalog.updateHive(aHive({ id })),
    catalog.updateHiveStatus(id, "online"),
    catalog.cordons.set(id, { reason: "fans" }),
  ];
  for (const { message } of await Promise.all(calls.map(refusalOf))) expect(message.length).toBeLessThan(1_000);
});

const BAD_NAMES = [
  ["a megabyte", { ["x".repeat(2 ** 20)]: "y z" }],
  ["twenty thousand", Object.fromEntries(Array.from({ length: 20_000 }, (_, place) => [`x ${place}`, "y z"]))],
] as const;

test.each(BAD_NAMES)("names of fields that make %s do not fill the message", async (_how, names) => {
  const calls = [
    catalog.patchHive(stored.id, names as HiveChanges),
    catalog.addHive({ ...aHive(), labels: names }),
    catalog.labels.patch(stored.id, names),
    catalog.listHives(names as object),
  ];
  for (const { message, problems } of await Promise.all(calls.map(refusalOf))) {
    expect(message.length).toBeLessThan(10_000);
    expect(JSON.stringify(problems).length).toBeLessThan(10_000);
  }
});

test("the limits of each field themselves are taken", async () => {
  await using other = await openTestCatalog();
  const extremes = [
    aHive({ id: "a", port: 1, sshPort: 65_535, sshUser: "_", lastHeartbeatMs: 0, createdAtMs: 0, updatedAtMs: 0 }),
    aHive({ id: "Z".repeat(128), port: 65_535, sshPort: 1, sshUser: "a".repeat(64), host: "a".repeat(63) }),
    aHive({ id: "0._-", createdAtMs: 8.64e15, updatedAtMs: 8.64e15, lastHeartbeatMs: 8.64e15, host: "::" }),
  ];
  for (const hive of extremes) {
    expect(await other.addHive(hive)).toEqual(hive);
    expect(await other.getHive(hive.id)).toEqual(hive);
  }
});

test("what looks like SQL is stored as the text it is", async () => {
  await using other = await openTestCatalog();
  const name = "'); DROP TABLE hives; --";
  const hive = aHive({ devices: { cpu: null, gpus: [{ index: 0, name, vramGb: 1 }] } });
  await other.addHive(hive);
  expect(await other.listHives({ after: "' OR 1=1 --" })).toEqual([hive]);
  expect(await other.removeHive("' OR 1=1 --")).toBe(false);
  expect(await other.countHives()).toBe(1);
});
