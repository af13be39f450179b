import { copyFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CatalogFile } from "../test/catalog-file.ts";
import { refusalOf } from "../test/refusal.ts";
import { HiveCatalog } from "./catalog.ts";
import { aHive, openTestCatalog } from "./testing.ts";

const CALLS: [string, (catalog: HiveCatalog) => Promise<unknown>][] = [
  ["addHive", (catalog) => catalog.addHive(aHive())],
  ["getHive", (catalog) => catalog.getHive("a")],
  ["getHive of an impossible id", (catalog) => catalog.getHive("a b")],
  ["hiveExists", (catalog) => catalog.hiveExists("a")],
  ["hiveExists of an impossible id", (catalog) => catalog.hiveExists("a b")],
  ["listHives", (catalog) => catalog.listHives()],
  ["streamHives", (catalog) => catalog.streamHives().next()],
  ["findHivesByStatus", (catalog) => catalog.findHivesByStatus("online")],
  ["findOnlineHives", (catalog) => catalog.findOnlineHives()],
  ["findOfflineHives", (catalog) => catalog.findOfflineHives()],
  ["findStaleHives", (catalog) => catalog.findStaleHives(1)],
  ["findHivesWithDevices", (catalog) => catalog.findHivesWithDevices()],
  ["findHivesWithoutDevices", (catalog) => catalog.findHivesWithoutDevices()],
  ["countHives", (catalog) => catalog.countHives()],
  ["countByStatus", (catalog) => catalog.countByStatus("online")],
  ["updateHive", (catalog) => catalog.updateHive(aHive())],
  ["patchHive", (catalog) => catalog.patchHive("a", { port: 1 })],
  ["updateHiveStatus", (catalog) => catalog.updateHiveStatus("a", "online")],
  ["markOffline", (catalog) => catalog.markOffline("a", 1)],
  ["updateHeartbeat", (catalog) => catalog.updateHeartbeat("a", 1)],
  ["updateDevices", (catalog) => catalog.updateDevices("a", { cpu: null, gpus: [] })],
  ["removeHive", (catalog) => catalog.removeHive("a")],
];

test.each(CALLS)("%s throws CATALOG_CLOSED after close", async (_name, call) => {
  const catalog = await openTestCatalog();
  await catalog.close();
  expect((await refusalOf(call(catalog))).code).toBe("CATALOG_CLOSED");
});

test("close waits for what runs: every call that came before has its answer, and its change is in the file", async () => {
  await using file = await CatalogFile.create();
  const catalog = await file.open();
  await catalog.addHive(aHive({ id: "first", lastHeartbeatMs: null }));
  const settled: string[] = [];
  const running = [
    catalog.updateHeartbeat("first", 7).then(() => settled.push("beat")),
    catalog.addHive(aHive({ id: "second" })).then(() => settled.push("add")),
    catalog.listHives().then(() => settled.push("list")),
  ];
  await catalog.close();
  expect(settled.sort()).toEqual(["add", "beat", "list"]);
  await Promise.all(running);
  expect(file.read("SELECT id, last_heartbeat_ms FROM hives ORDER BY id")).toEqual([
    ["first", 7],
    ["second", null],
  ]);
});

test("a call that comes while close waits is refused", async () => {
  const catalog = await openTestCatalog();
  const add = catalog.addHive(aHive());
  const close = catalog.close();
  expect((await refusalOf(catalog.countHives())).code).toBe("CATALOG_CLOSED");
  await Promise.all([add, close]);
});

test("close can be called again, at once and later", async () => {
  const catalog = await openTestCatalog();
  await Promise.all([catalog.close(), catalog.close()]);
  await catalog.close();
});

test("a stream throws CATALOG_CLOSED when the catalog is closed between its pages", async () => {
  const catalog = await openTestCatalog();
  for (const id of ["a", "b"]) await catalog.addHive(aHive({ id }));
  const stream = catalog.streamHives({ pageSize: 1 });
  expect((await stream.next()).value?.id).toBe("a");
  await catalog.close();
  expect((await refusalOf(stream.next())).code).toBe("CATALOG_CLOSED");
});

test("await using closes the catalog at the end of its block", async () => {
  await using file = await CatalogFile.create();
  let outside: HiveCatalog;
  {
    await using catalog = await HiveCatalog.open(file.path);
    await catalog.addHive(aHive());
    outside = catalog;
  }
  expect((await refusalOf(outside.countHives())).code).toBe("CATALOG_CLOSED");
  expect(await (await file.open()).countHives()).toBe(1);
});

test("after close the file alone holds everything: it can be copied without its -wal", async () => {
  await using file = await CatalogFile.create();
  const catalog = await file.open();
  await catalog.addHive(aHive());
  await catalog.updateHeartbeat(aHive().id, 5);
  await catalog.listHives();
  await catalog.close();
  const copy = `${file.path}.copy`;
  copyFileSync(file.path, copy);
  await using restored = await HiveCatalog.open(copy);
  expect((await restored.getHive(aHive().id))?.lastHeartbeatMs).toBe(5);
});

test("closing one catalog leaves another one on the same file at work", async () => {
  await using file = await CatalogFile.create();
  const [one, two] = [await file.open(), await file.open()];
  await one.addHive(aHive());
  await one.close();
  expect(await two.countHives()).toBe(1);
  await two.updateHeartbeat(aHive().id, 5);
  expect((await two.getHive(aHive().id))?.lastHeartbeatMs).toBe(5);
});
