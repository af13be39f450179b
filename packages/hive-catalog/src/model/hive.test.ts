import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aHive } from "../testing.ts";
import { HIVE_STATUSES, HiveChanges, HiveRecord, HiveStatus, isHost, isSshUser, NewHive } from "./hive.ts";
import { HiveChangesJson, HiveRecordJson, NewHiveJson, toHiveRecordJson } from "./hive-json.ts";

const JSON_FORM = {
  id: "hive-prod-01",
  host: "10.0.1.100",
  port: 8600,
  ssh_host: "10.0.1.100",
  ssh_port: 22,
  ssh_user: "admin",
  status: "unknown",
  last_heartbeat_ms: null,
  devices: { cpu: { cores: 16, ram_gb: 64 }, gpus: [{ index: 0, name: "NVIDIA RTX 4090", vram_gb: 24 }] },
  created_at_ms: 1_761_040_800_000,
  updated_at_ms: 1_761_040_800_000,
} satisfies HiveRecordJson;

const u32 = fc.integer({ min: 0, max: 4_294_967_295 });
const timeMs = fc.integer({ min: 0, max: 8.64e15 });
const port = fc.integer({ min: 1, max: 65_535 });
const text = (first: string, rest: string, max: number) =>
  fc
    .tuple(fc.constantFrom(...first), fc.string({ unit: fc.constantFrom(...rest), maxLength: max - 1 }))
    .map((parts) => parts.join(""));
const ALNUM = "abcXYZ019";
const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
const ssh = fc.oneof(
  fc.constant({ sshHost: null, sshPort: null, sshUser: null }),
  fc.record({ sshHost: host, sshPort: fc.option(port), sshUser: fc.option(text(`_${ALNUM}`, `${ALNUM}.-_`, 32)) }),
);
const gpuName = fc.string({ minLength: 1, maxLength: 60 });
const gpu = fc.record(
  {
    index: u32,
    name: gpuName,
    vramGb: fc.option(u32),
    uuid: gpuName,
    vendor: gpuName,
    backend: gpuName,
    unified: fc.boolean(),
  },
  { requiredKeys: ["index", "name", "vramGb"] },
);
const gpus = fc.uniqueArray(gpu, {
  selector: ({ index }) => index,
  maxLength: 8,
});
const cpu = fc.option(fc.record({ cores: fc.integer({ min: 1, max: 4_294_967_295 }), ramGb: u32 }));
const hives: fc.Arbitrary<HiveRecord> = fc
  .tuple(
    fc.record({
      id: text(ALNUM, `${ALNUM}._-`, 128),
      host,
      port,
      status: fc.constantFrom(...HIVE_STATUSES),
      lastHeartbeatMs: fc.option(timeMs),
      devices: fc.option(fc.record({ cpu, gpus: fc.option(gpus) })),
      createdAtMs: timeMs,
      updatedAtMs: timeMs,
    }),
    ssh,
  )
  .map(([fields, sshFields]) => ({ ...fields, ...sshFields }));

test("a record and its JSON form are each other's", () => {
  expect(HiveRecordJson.encode(aHive())).toEqual(JSON_FORM);
  expect(HiveRecordJson.decode(JSON_FORM)).toEqual(aHive());
});

test("every sound record survives the way through JSON text and back", () => {
  fc.assert(
    fc.property(hives, (hive) => {
      const wire: unknown = JSON.parse(JSON.stringify(HiveRecordJson.encode(hive)));
      expect(HiveRecordJson.parse(wire)).toEqual(hive);
      expect(JSON.stringify(toHiveRecordJson(hive))).toBe(JSON.stringify(wire));
      expect(HiveRecord.parse(hive)).toEqual(hive);
      expect(NewHive.parse(hive)).toEqual(hive);
    }),
    { numRuns: 300 },
  );
});

test("a NewHive may be three fields or a whole record, in both forms", () => {
  const bare = { id: "a", host: "h", port: 1 };
  expect(NewHiveJson.decode(bare)).toEqual(bare);
  expect(NewHiveJson.encode(bare)).toEqual(bare);
  expect(NewHiveJson.decode(JSON_FORM)).toEqual(aHive());
  expect(NewHiveJson.encode(aHive())).toEqual(JSON_FORM);
  for (const field of ["id", "host", "port"]) {
    expect(NewHiveJson.safeParse({ ...bare, [field]: undefined }).success).toBe(false);
  }
});

test("changes hold only the fields named, in both forms", () => {
  expect(HiveChangesJson.decode({ ssh_port: null, port: 5 })).toEqual({ sshPort: null, port: 5 });
  expect(HiveChangesJson.encode({ sshPort: null, port: 5 })).toEqual({ ssh_port: null, port: 5 });
  expect(HiveChangesJson.decode({})).toEqual({});
  expect(HiveChangesJson.decode({ devices: null })).toEqual({ devices: null });
});

test("the catalog's own times in JSON changes are checked, then ignored", () => {
  const { id: _id, ...rest } = JSON_FORM;
  const { id, createdAtMs, updatedAtMs, lastHeartbeatMs, ...changes } = aHive();
  expect(HiveChangesJson.decode(rest)).toEqual(changes);
  for (const time of ["last_heartbeat_ms", "created_at_ms", "updated_at_ms"]) {
    expect(HiveChangesJson.safeParse({ [time]: -1 }).success).toBe(false);
    expect(HiveChangesJson.safeParse({ [time]: "now" }).success).toBe(false);
  }
});

test.each([
  ["HiveRecordJson", HiveRecordJson, { ...JSON_FORM, colour: "red" }],
  ["HiveRecordJson, camelCase", HiveRecordJson, { ...JSON_FORM, sshHost: "h" }],
  ["HiveRecordJson, in its devices", HiveRecordJson, { ...JSON_FORM, devices: { ...JSON_FORM.devices, tpus: [] } }],
  ["NewHiveJson", NewHiveJson, { id: "a", host: "h", port: 1, colour: "red" }],
  ["HiveChangesJson", HiveChangesJson, { colour: "red" }],
  ["HiveChangesJson of an id", HiveChangesJson, { id: "b" }],
  ["HiveRecord", HiveRecord, { ...aHive(), colour: "red" }],
  ["NewHive", NewHive, { ...aHive(), ssh_host: "h" }],
  ["HiveChanges", HiveChanges, { createdAtMs: 5 }],
])("%s refuses an unknown field", (_name, schema, value) => {
  expect(schema.safeParse(value).error?.issues).toMatchObject([{ code: "unrecognized_keys" }]);
});

test("ssh_port and ssh_user without ssh_host are refused in the JSON form, too", () => {
  expect(HiveRecordJson.safeParse({ ...JSON_FORM, ssh_host: null, ssh_user: null }).success).toBe(false);
  expect(HiveRecordJson.safeParse({ ...JSON_FORM, ssh_host: null, ssh_port: null }).success).toBe(false);
  expect(HiveRecordJson.safeParse({ ...JSON_FORM, ssh_host: null, ssh_port: null, ssh_user: null }).success).toBe(true);
});

test.each([
  ["a text for the port", { port: "8600" }, "port"],
  ["a misspelt status", { status: "Online" }, "status"],
  ["a host with a scheme", { host: "http://h" }, "host"],
  ["a negative time", { created_at_ms: -1 }, "created_at_ms"],
  ["an id with spaces", { id: "a b" }, "id"],
  ["a user that is an option", { ssh_user: "-v" }, "ssh_user"],
  ["an undefined where null is meant", { ssh_host: undefined }, "ssh_host"],
])("HiveRecordJson refuses %s and names the field as it travels", (_name, change, field) => {
  const result = HiveRecordJson.safeParse({ ...JSON_FORM, ...change });
  expect(result.error?.issues.map(({ path }) => path[0])).toContain(field);
});

test("a status is one of three words, in lower case", () => {
  for (const status of ["unknown", "online", "offline"]) expect(HiveStatus.parse(status)).toBe(status);
  for (const status of ["Unknown", "ONLINE", "", "dead", null, 1])
    expect(HiveStatus.safeParse(status).success).toBe(false);
});

describe("a host", () => {
  test.each([
    "localhost",
    "a",
    "hive-01.rack3.example.org",
    "xn--mller-kva.example",
    "3com.example",
    "gpu_01.rack_3.example",
    "_a",
    "a_",
    "1a",
    "A.B.C",
    `${"a".repeat(63)}.example`,
    [..."abcd"].map((letter) => letter.repeat(62)).join("."),
    "0.0.0.0",
    "127.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "2001:db8::8a2e:370:7334",
    "2001:0db8:0000:0000:0000:8a2e:0370:7334",
    "::ffff:10.0.0.1",
    "::FFFF:A00:1",
    "64:ff9b::192.0.2.33",
  ])("may be %s", (host) => {
    expect(isHost(host)).toBe(true);
  });

  test.each([
    "",
    " ",
    "a b",
    " localhost",
    "localhost ",
    "localhost\n",
    "http://localhost",
    "//localhost",
    "localhost:8600",
    "127.0.0.1:8600",
    "localhost/",
    "user@localhost",
    "[::1]",
    "[::1]:8600",
    "::1%eth0",
    "fe80::1/64",
    "a..b",
    ".a",
    "a.",
    "-a",
    "a-",
    "a.-b",
    "ä.example",
    "*",
    "a".repeat(64),
    Array.from({ length: 64 }, () => "abc").join("."),
    "256.0.0.1",
    "1.2.3",
    "1.2.3.4.5",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0XA9FEA9FE",
    "a.0x",
    "01.02.03.04",
    "1.2.3.4a.5",
    ":",
    ":::",
    "::1::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "12345::",
    "g::1",
    "::ffff:256.0.0.1",
    "a\0",
  ])("may not be %j", (host) => {
    expect(isHost(host)).toBe(false);
  });
});

test("the dot at the end of a host's name, which is the same name, is dropped", () => {
  expect(NewHive.parse({ id: "a", host: "gpu.example.", port: 1, sshHost: "Jump." })).toMatchObject({
    host: "gpu.example",
    sshHost: "Jump",
  });
  for (const host of [".", "a..", "a.example..", ".a"]) {
    expect(NewHive.safeParse({ id: "a", host, port: 1 }).success).toBe(false);
  }
});

const SSH_USERS = [
  "root",
  "_apt",
  "a.b-c_d",
  "0day",
  "A",
  ".hidden",
  "a".repeat(64),
  "ACME\\admin",
  "admin@acme.example",
];

test.each(SSH_USERS)("an SSH user may be %s", (user) => {
  expect(isSshUser(user)).toBe(true);
});

const NO_SSH_USERS = ["", "-root", "-oProxyCommand=id", "a b", "a\n", "a;b", "a$b", "ä", "a/b", "a\0", "a".repeat(65)];
const NO_DOMAIN_USERS = ["@a", "a@", "\\a", "a\\", "a\\-b", "a@-b", "-a@b", "a\\b\\c", "a@b@c", "a\\b c", "a@`id`"];

test.each([...NO_SSH_USERS, ...NO_DOMAIN_USERS])("an SSH user may not be %j", (user) => {
  expect(isSshUser(user)).toBe(false);
});
