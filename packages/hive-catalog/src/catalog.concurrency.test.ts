import { expect, test } from "vitest";
import { CatalogFile } from "../test/catalog-file.ts";
import { refusalOf } from "../test/refusal.ts";
import { aHive, openTestCatalog } from "./testing.ts";

const BASE_MS = 1_761_040_800_000;

test("test_concurrent_access: 100 mixed calls at once in one process all take effect", async () => {
  await using file = await CatalogFile.create();
  const catalog = await file.open({ now: () => BASE_MS });
  const ids = Array.from({ length: 20 }, (_, index) => `hive-${index}`);
  await Promise.all(ids.slice(0, 10).map((id) => catalog.addHive(aHive({ id }))));

  const [old, added] = [ids.slice(0, 10), ids.slice(10)];
  const answers = await Promise.all([
    ...old.map((id, index) => catalog.updateHeartbeat(id, BASE_MS - index)),
    ...added.map((id) => catalog.addHive(aHive({ id, devices: null }))),
    ...old.map((id, index) => catalog.patchHive(id, { port: 1 + index })),
    ...old.map((id) => catalog.updateHiveStatus(id, "online")),
    ...old.map((id) => catalog.updateDevices(id, { cpu: { cores: 3, ramGb: 3 }, gpus: [] })),
    ...old.map((id) => catalog.getHive(id)),
    ...old.map(() => catalog.countHives()),
    ...old.map(() => catalog.listHives({ limit: 5 })),
    ...old.map(() => catalog.findOnlineHives()),
    ...old.map((id) => catalog.hiveExists(id)),
  ]);
  expect(answers).toHaveLength(100);

  for (const [index, id] of old.entries()) {
    expect(await catalog.getHive(id)).toEqual({
      ...aHive({ id, port: 1 + index, status: "online", lastHeartbeatMs: BASE_MS - index, updatedAtMs: BASE_MS }),
      devices: { cpu: { cores: 3, ramGb: 3 }, gpus: [] },
    });
  }
  for (const id of added) expect(await catalog.getHive(id)).toEqual(aHive({ id, devices: null }));
  expect(file.read("SELECT count(*) FROM hives")).toEqual([[20]]);
});

test("updates beside a removal take effect or throw HIVE_NOT_FOUND, and bring nothing back", async () => {
  await using catalog = await openTestCatalog();
  const { id } = await catalog.addHive(aHive());
  const outcomes = await Promise.allSettled([
    catalog.patchHive(id, { port: 5 }),
    catalog.updateHeartbeat(id, 5),
    catalog.removeHive(id),
    catalog.patchHive(id, { port: 6 }),
    catalog.updateHeartbeat(id, 6),
    catalog.updateHive(aHive()),
  ]);
  expect(outcomes[2]).toEqual({ status: "fulfilled", value: true });
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "HIVE_NOT_FOUND", hiveId: id });
  }
  expect(await catalog.listHives()).toEqual([]);
  expect((await refusalOf(catalog.patchHive(id, { port: 6 }))).code).toBe("HIVE_NOT_FOUND");
});
