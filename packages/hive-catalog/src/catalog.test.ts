import { existsSync } from "node:fs";
import { join } from "node:path";
import { startTestServer } from "@repo/libsql-test-server";
import { expect, test } from "vitest";
import { CatalogFile } from "../test/catalog-file.ts";
import { refusalOf } from "../test/refusal.ts";
import { HiveCatalog } from "./catalog.ts";
import { aHive, openTestCatalog, temporaryFolder } from "./testing.ts";

const NOW_MS = 1_761_040_800_000;
const MINIMAL = { id: "localhost", host: "127.0.0.1", port: 8600 };

test("test_create_catalog: makes the file with its parent folders, empty, with the specification's columns, and with status and heartbeat indexed", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "data", "of", "queen", "hives.db");
  await using catalog = await HiveCatalog.open(path);
  expect(existsSync(path)).toBe(true);
  expect(await catalog.listHives()).toEqual([]);
  await using file = await CatalogFile.create();
  await (await file.open()).close();
  expect(file.read("SELECT name FROM pragma_table_info('hives')").flat()).toEqual([
    "id",
    "host",
    "port",
    "ssh_host",
    "ssh_port",
    "ssh_user",
    "status",
    "last_heartbeat_ms",
    "devices_json",
    "created_at_ms",
    "updated_at_ms",
  ]);
  const indexed =
    "SELECT l.name FROM pragma_index_list('hives') AS i, pragma_index_info(i.name) AS l WHERE l.seqno = 0";
  expect(file.read(indexed).flat()).toEqual(expect.arrayContaining(["status", "last_heartbeat_ms"]));
  expect(file.read("PRAGMA journal_mode")).toEqual([["wal"]]);
});

test("says where it is, and whether opening made it", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "hives.db");
  const openings: { location: string; isNew: boolean }[] = [];
  for (const location of [path, `file:${path}`, ":memory:"]) {
    await using catalog = await HiveCatalog.open(location);
    openings.push({ location: catalog.location, isNew: catalog.isNew });
  }
  await using server = await startTestServer({ path: join(folder.path, "server.db") });
  for (const _time of ["first", "second"]) {
    await using catalog = await HiveCatalog.open(server.url);
    openings.push({ location: catalog.location, isNew: catalog.isNew });
  }
  expect(openings).toEqual([
    { location: path, isNew: true },
    { location: path, isNew: false },
    { location: ":memory:", isNew: true },
    { location: `${server.url}/`, isNew: true },
    { location: `${server.url}/`, isNew: false },
  ]);
});

test("test_add_hive: stores every field and resolves to the record as stored, which survives closing and opening", async () => {
  await using file = await CatalogFile.create();
  const hive = aHive({ status: "online", lastHeartbeatMs: NOW_MS });
  const first = await file.open();
  expect(await first.addHive(hive)).toEqual(hive);
  await first.close();
  expect(await (await file.open()).getHive(hive.id)).toEqual(hive);
});

test("a field that is undefined is one that was not said, for addHive and addHives", async () => {
  await using catalog = await openTestCatalog({ now: () => NOW_MS });
  const others = Object.keys(aHive()).filter((name) => !(name in MINIMAL));
  const unsaid = { ...Object.fromEntries(others.map((name) => [name, undefined])), labels: undefined, ...MINIMAL };
  const added = await catalog.addHive(unsaid);
  expect(added).toEqual(await catalog.addHive({ ...MINIMAL, id: "b" }).then((hive) => ({ ...hive, id: MINIMAL.id })));
  expect(added).toEqual(await catalog.getHive(MINIMAL.id));
  const many = await catalog.addHives([{ ...unsaid, id: "c" }]);
  expect(many).toEqual([{ ...added, id: "c" }]);
});

test("ids that differ in case alone are two hives", async () => {
  await using catalog = await openTestCatalog();
  await catalog.addHive({ ...MINIMAL, id: "Hive" });
  await catalog.addHive({ ...MINIMAL, id: "hive" });
  expect(await catalog.countHives()).toBe(2);
});

test("test_get_hive: resolves to the hive with that id, field by field", async () => {
  await using catalog = await openTestCatalog();
  const hive = aHive({ host: "::1", sshHost: "jump.example.org", status: "offline", lastHeartbeatMs: 0 });
  await catalog.addHive(hive);
  await catalog.addHive({ ...MINIMAL });
  expect(await catalog.getHive(hive.id)).toEqual(hive);
});

test("a record that was read is the caller's own: changing it changes nothing that is read later", async () => {
  await using catalog = await openTestCatalog();
  const hive = await catalog.addHive(aHive());
  const read = await catalog.getHive(hive.id);
  read?.devices?.gpus?.pop();
  if (read?.devices?.cpu) read.devices.cpu.cores = 1;
  expect(await catalog.getHive(hive.id)).toEqual(aHive());
  expect(await catalog.listHives()).toEqual([aHive()]);
});

test("test_get_hive_not_found: resolves to undefined for an unknown id", async () => {
  await using catalog = await openTestCatalog();
  await catalog.addHive(MINIMAL);
  expect(await catalog.getHive("localhos")).toBeUndefined();
});

test("test_list_hives: resolves to all hives by id, and to none of an empty catalog", async () => {
  await using catalog = await openTestCatalog();
  expect(await catalog.listHives()).toEqual([]);
  for (const id of ["b", "a", "C", "10", "9"]) await catalog.addHive({ ...MINIMAL, id });
  expect((await catalog.listHives()).map(({ id }) => id)).toEqual(["10", "9", "C", "a", "b"]);
});

test("test_update_hive: replaces every field but the id and the times", async () => {
  await using catalog = await openTestCatalog({ now: () => NOW_MS + 5 });
  const before = await catalog.addHive({ ...MINIMAL, createdAtMs: NOW_MS, updatedAtMs: NOW_MS });
  const changed = aHive({ id: "localhost", host: "192.168.1.100", port: 9000, status: "online", lastHeartbeatMs: 7 });
  const stored = await catalog.updateHive({ ...before, ...changed, createdAtMs: 1, updatedAtMs: 1 });
  expect(stored).toEqual({ ...changed, createdAtMs: NOW_MS, updatedAtMs: NOW_MS + 5 });
  expect(await catalog.getHive("localhost")).toEqual(stored);
});

test("updateHive touches no other hive", async () => {
  await using catalog = await openTestCatalog();
  const other = await catalog.addHive(aHive({ id: "other" }));
  const hive = await catalog.addHive(aHive());
  await catalog.updateHive({ ...hive, host: "10.9.9.9" });
  await catalog.updateHiveStatus(hive.id, "offline");
  await catalog.updateHeartbeat(hive.id, 99);
  await catalog.updateDevices(hive.id, { cpu: null, gpus: [] });
  await catalog.patchHive(hive.id, { port: 1 });
  expect(await catalog.getHive("other")).toEqual(other);
});

test("test_update_status: changes the status and updatedAtMs, nothing else", async () => {
  let nowMs = NOW_MS;
  await using catalog = await openTestCatalog({ now: () => nowMs });
  const hive = await catalog.addHive(aHive());
  for (const status of ["online", "offline", "unknown"] as const) {
    nowMs += 1000;
    await catalog.updateHiveStatus(hive.id, status);
    expect(await catalog.getHive(hive.id)).toEqual({ ...hive, status, updatedAtMs: nowMs });
  }
});

test("test_update_heartbeat: changes lastHeartbeatMs alone", async () => {
  await using catalog = await openTestCatalog({ now: () => NOW_MS });
  const hive = await catalog.addHive(aHive({ status: "offline" }));
  await catalog.updateHeartbeat(hive.id, NOW_MS - 1);
  expect(await catalog.getHive(hive.id)).toEqual({ ...hive, lastHeartbeatMs: NOW_MS - 1 });
});

test("test_update_devices: replaces the devices and sets updatedAtMs, nothing else", async () => {
  await using catalog = await openTestCatalog({ now: () => NOW_MS + 9 });
  const hive = await catalog.addHive(aHive());
  const devices = { cpu: null, gpus: [{ index: 1, name: "RTX 3060", vramGb: 12 }] };
  await catalog.updateDevices(hive.id, devices);
  expect(await catalog.getHive(hive.id)).toEqual({ ...hive, devices, updatedAtMs: NOW_MS + 9 });
});

test("test_remove_hive: removes that hive alone, says whether it was there, and its id can be added again", async () => {
  await using catalog = await openTestCatalog();
  await catalog.addHive({ ...MINIMAL, id: "other" });
  await catalog.addHive(MINIMAL);
  expect(await catalog.removeHive("localhost")).toBe(true);
  expect(await catalog.removeHive("localhost")).toBe(false);
  expect((await catalog.listHives()).map(({ id }) => id)).toEqual(["other"]);
  expect(await catalog.addHive(MINIMAL)).toMatchObject(MINIMAL);
});

test("test_device_serialization: devices are stored as the specification's JSON and read back with every value", async () => {
  await using file = await CatalogFile.create();
  const catalog = await file.open();
  const kinds = {
    full: aHive().devices,
    bare: { cpu: null, gpus: [] },
    names: {
      cpu: { cores: 1, ramGb: 0 },
      gpus: [
        { index: 4_294_967_295, name: 'Grüße "☃" \\ 😀 \u0000', vramGb: 4_294_967_295 },
        { index: 0, name: "x".repeat(256), vramGb: 0 },
      ],
    },
  };
  for (const [id, devices] of Object.entries(kinds)) {
    await catalog.addHive({ ...MINIMAL, id, devices });
    expect((await catalog.getHive(id))?.devices).toEqual(devices);
  }
  expect(file.read("SELECT devices_json FROM hives WHERE id IN ('bare', 'full') ORDER BY id").flat()).toEqual([
    '{"cpu":null,"gpus":[]}',
    '{"cpu":{"cores":16,"ram_gb":64},"gpus":[{"index":0,"name":"NVIDIA RTX 4090","vram_gb":24}]}',
  ]);
});

test("an update throws HIVE_NOT_FOUND when the hive was removed meanwhile", async () => {
  await using file = await CatalogFile.create();
  const [catalog, other] = [await file.open(), await file.open()];
  const hive = await catalog.addHive(aHive());
  await other.removeHive(hive.id);
  expect((await refusalOf(catalog.updateHive(hive))).code).toBe("HIVE_NOT_FOUND");
  expect((await refusalOf(catalog.updateHeartbeat(hive.id, 1))).code).toBe("HIVE_NOT_FOUND");
});
