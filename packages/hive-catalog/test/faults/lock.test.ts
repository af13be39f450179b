import { expect, test } from "vitest";
import type { HiveCatalog } from "../../src/catalog.ts";
import { aHive } from "../../src/testing.ts";
import { CatalogFile } from "../catalog-file.ts";
import { startSqliteProcess } from "../processes.ts";

const BUSY_TIMEOUT_MS = 150;
const DEVICES = { cpu: { cores: 1, ramGb: 1 }, gpus: [] };
const BEAT_MS = 1_761_040_800_000;

/** One change by each verb, and what another process then reads of it. */
const CHANGES: [string, (catalog: HiveCatalog) => Promise<unknown>, string][] = [
  ["addHive", (catalog) => catalog.addHive(aHive({ id: "new" })), "SELECT count(*) FROM hives WHERE id = 'new'"],
  [
    "updateHive",
    (catalog) => catalog.updateHive(aHive({ id: "whole", port: 7 })),
    "SELECT port = 7 FROM hives WHERE id = 'whole'",
  ],
  [
    "patchHive",
    (catalog) => catalog.patchHive("patched", { port: 7 }),
    "SELECT port = 7 FROM hives WHERE id = 'patched'",
  ],
  [
    "updateHiveStatus",
    (catalog) => catalog.updateHiveStatus("status", "online"),
    "SELECT status = 'online' FROM hives WHERE id = 'status'",
  ],
  [
    "markOffline",
    (catalog) => catalog.markOffline("silent", 1),
    "SELECT status = 'offline' FROM hives WHERE id = 'silent'",
  ],
  [
    "updateDevices",
    (catalog) => catalog.updateDevices("devices", DEVICES),
    `SELECT devices_json = '{"cpu":{"cores":1,"ram_gb":1},"gpus":[]}' FROM hives WHERE id = 'devices'`,
  ],
  [
    "updateHeartbeat",
    (catalog) => catalog.updateHeartbeat("beat", BEAT_MS),
    `SELECT last_heartbeat_ms = ${BEAT_MS} FROM hives WHERE id = 'beat'`,
  ],
  [
    "updateHeartbeat in a group",
    (catalog) => Promise.all(["group-1", "group-2"].map((id) => catalog.updateHeartbeat(id, BEAT_MS))),
    `SELECT count(*) = 2 FROM hives WHERE id LIKE 'group-%' AND last_heartbeat_ms = ${BEAT_MS}`,
  ],
  ["removeHive", (catalog) => catalog.removeHive("gone"), "SELECT count(*) = 0 FROM hives WHERE id = 'gone'"],
];
const IDS = ["whole", "patched", "status", "silent", "devices", "beat", "group-1", "group-2", "gone"];

test("a lock that another process holds past the timeout gives CATALOG_BUSY and stops nothing; afterwards every write reaches the file", async () => {
  await using file = await CatalogFile.create();
  const catalog = await file.open({ busyTimeoutMs: BUSY_TIMEOUT_MS });
  for (const id of IDS) await catalog.addHive(aHive({ id, status: "unknown", lastHeartbeatMs: null }));
  const before = await catalog.listHives();
  await using other = await startSqliteProcess(file.path);
  await other.run("BEGIN IMMEDIATE");
  await other.run("UPDATE hives SET host = 'theirs'");

  const ends = await Promise.allSettled(CHANGES.map(([, change]) => change(catalog)));
  expect(ends.map((end) => (end.status === "rejected" ? end.reason.code : end.value))).toEqual(
    CHANGES.map(() => "CATALOG_BUSY"),
  );
  expect(await catalog.listHives()).toEqual(before);

  await other.run("COMMIT");
  expect(await other.run("SELECT count(*), count(DISTINCT host) FROM hives")).toEqual([[IDS.length, 1]]);
  for (const [name, change, check] of CHANGES) {
    await change(catalog);
    expect(await other.run(check), name).toEqual([[1]]);
    // A connection that still holds a lock or a snapshot would fail this.
    await other.run("UPDATE hives SET updated_at_ms = updated_at_ms + 1");
  }
  expect(await other.run("SELECT count(*) FROM hives")).toEqual([[IDS.length]]);
});

test("a call that waits for the lock goes through as soon as the other process is killed", async () => {
  await using file = await CatalogFile.create();
  const catalog = await file.open({ busyTimeoutMs: 30_000 });
  await using other = await startSqliteProcess(file.path);
  await other.run("BEGIN IMMEDIATE");
  const add = catalog.addHive(aHive());
  await new Promise((resolve) => setImmediate(resolve));
  await other[Symbol.asyncDispose]();
  await add;
  expect(file.read("SELECT id FROM hives")).toEqual([[aHive().id]]);
});
