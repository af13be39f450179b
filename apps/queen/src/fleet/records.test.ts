import type { HiveCatalog } from "@repo/hive-catalog";
import { openTestCatalog } from "@repo/hive-catalog/testing";
import { expect, test } from "vitest";
import { startHive } from "../../test/hive-server.ts";
import { published } from "../../test/published.ts";
import {
  addHive,
  beat,
  beatJson,
  HIVE_JSON,
  LIVENESS_SETTINGS,
  pass,
  startTestQueen,
  type TestQueen,
  workerJson,
} from "../../test/test-queen.ts";

const PATH = `/v1/hives/${HIVE_JSON.id}`;
const DEVICES = { cpu: { cores: 8, ramGb: 32 }, gpus: [{ index: 0, name: "RTX 3060", vramGb: 12 }] };

const types = (queen: TestQueen) => published(queen).map(([type]) => type);

test.each<[what: string, change: (catalog: HiveCatalog) => Promise<unknown>]>([
  ["the address", (catalog) => catalog.patchHive(HIVE_JSON.id, { host: "127.0.0.2" })],
  ["the way over SSH", (catalog) => catalog.patchHive(HIVE_JSON.id, { sshHost: "10.0.0.1", sshUser: "root" })],
  ["the devices", (catalog) => catalog.updateDevices(HIVE_JSON.id, DEVICES)],
  ["a label", (catalog) => catalog.labels.patch(HIVE_JSON.id, { env: "dev" })],
  ["all labels", (catalog) => catalog.labels.set(HIVE_JSON.id, {})],
])("%s that another program changes is told of once, with the next round", async (_what, change) => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600, { labels: { env: "prod", rack: "r1" } });
  await queen.watch.runRound();
  await change(queen.catalog);
  await queen.watch.runRound();
  await queen.watch.runRound();
  expect(types(queen)).toEqual(["hive_added", "hive_changed"]);
});

test("what another program changed before the first round was over is told of, too", async () => {
  const { catalog, ...queen } = await startTestQueen();
  await using _ = queen;
  await catalog.addHive({ ...HIVE_JSON });
  await queen.rows.read([HIVE_JSON.id]);
  await catalog.patchHive(HIVE_JSON.id, { sshHost: "10.0.0.1" });
  await queen.watch.runRound();
  expect(types({ catalog, ...queen })).toEqual(["hive_changed"]);
});

test("what this queen's callers change is told of once, and no round takes it for another program's", async () => {
  await using queen = await startTestQueen();
  const hive = await startHive();
  await addHive(queen, hive.port, { labels: { rack: "r1", env: "prod" } });
  await queen.request("PATCH", PATH, { labels: { env: "dev" }, ssh_host: "127.0.0.1" });
  await queen.request("PUT", PATH, { host: "127.0.0.1", port: hive.port, labels: { b: "1", a: "2" } });
  await queen.request("PUT", `${PATH}/devices`, { gpus: [], cpu: null });
  await queen.request("POST", `${PATH}/devices`);
  const told = ["hive_added", "hive_changed", "hive_changed", "hive_changed", "hive_changed"];
  expect(types(queen)).toEqual(told);
  for (let round = 0; round < 2; round++) await queen.watch.runRound();
  expect(types(queen).filter((type) => type !== "status")).toEqual(told);
});

test("the statuses that this queen finds are told of once, and no round takes them for another program's", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  await queen.watch.runRound();
  queen.clock.advance(1000);
  await beat(queen);
  await queen.watch.runRound();
  await pass(queen, 2 * LIVENESS_SETTINGS.staleAfterMs);
  await queen.watch.runRound();
  expect(queen.changes()).toEqual(["hive-a: unknown → online", "hive-a: online → offline"]);
  expect(published(queen, "hive_changed").filter(([, { changed }]) => changed === "written anew")).toEqual([]);
});

test("a change of another program that a caller's write of the same status brings to light is told of", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  await queen.catalog.patchHive(HIVE_JSON.id, { sshHost: "10.0.0.1" });
  await queen.request("PATCH", PATH, { status: "unknown" });
  expect(types(queen)).toEqual(["hive_added", "hive_changed"]);
});

test("a status that another program changed and set back is told of as well: a list may have passed the hive over meanwhile", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  await queen.watch.runRound();
  const before = types(queen).length;
  for (const status of ["online", "unknown"] as const) {
    queen.clock.advance(1);
    await queen.catalog.updateHiveStatus(HIVE_JSON.id, status);
  }
  await queen.watch.runRound();
  await queen.watch.runRound();
  expect(published(queen).slice(before)).toMatchObject([["hive_changed", { changed: "written anew" }]]);
});

test("a hive whose record was damaged gets work as soon as a caller has mended it", async () => {
  const catalog = await openTestCatalog({ onCorruptHive: () => undefined });
  const columns = "id, host, port, status, devices_json, created_at_ms, updated_at_ms";
  await catalog.run(`INSERT INTO hives (${columns}) VALUES ('${HIVE_JSON.id}', '127.0.0.1', 1, 'online', '{', 1, 1)`);
  await using queen = await startTestQueen({ catalog });
  await queen.watch.runRound();
  const beat = await queen.request("POST", "/v1/heartbeat", beatJson(HIVE_JSON.id, [workerJson()]));
  const best = async () => (await queen.request("GET", "/v1/workers/best?model=llama-3-8b")).status;
  expect([beat.status, await best()]).toEqual([200, 404]);
  expect((await queen.request("PATCH", PATH, { devices: null })).status).toBe(200);
  expect(await best()).toBe(200);
});

test("a hive whose record is damaged, and that is removed while a round reads it, is gone, and told of once", async () => {
  const catalog = await openTestCatalog({ onCorruptHive: () => undefined });
  await using queen = await startTestQueen({ catalog });
  await addHive(queen, 8600);
  await catalog.run(`UPDATE hives SET devices_json = '{' WHERE id = '${HIVE_JSON.id}'`);
  const findHives = catalog.findHives.bind(catalog);
  catalog.findHives = (options) =>
    findHives({
      ...options,
      onCorruptHive: async (damaged) => {
        catalog.findHives = findHives;
        queen.clock.advance(1);
        expect((await queen.request("DELETE", PATH)).status).toBe(204);
        options?.onCorruptHive?.(damaged);
      },
    });
  await queen.watch.runRound();
  await queen.watch.runRound();
  expect(published(queen, "hive_removed")).toHaveLength(1);
});
