import { expect, test } from "vitest";
import {
  beatJson,
  HIVE_JSON,
  LIVENESS_SETTINGS,
  startTestQueen,
  type TestQueen,
  workerJson,
} from "../../../test/test-queen.ts";

const devices = (name: string, vram_gb: number) => ({ cpu: null, gpus: [{ index: 0, name, vram_gb }] });

async function addHive(queen: TestQueen, id: string, fields: Record<string, unknown> = {}) {
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id, ...fields });
  await queen.request("POST", "/v1/heartbeat", beatJson(id, [workerJson()]));
}

const best = (queen: TestQueen, query: Record<string, string>) =>
  queen.request("GET", `/v1/workers/best?${new URLSearchParams({ model: "llama-3-8b", ...query })}`);

test("hands out workers of hives that a selector and a requirement of GPUs choose", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, "a", { devices: devices("NVIDIA L4", 22) });
  await addHive(queen, "b", { labels: { env: "prod" }, devices: devices("NVIDIA H100 80GB HBM3", 80) });
  await addHive(queen, "c", { labels: { env: "dev" } });
  for (const [query, id] of [
    [{ selector: "env=prod" }, "b"],
    [{ selector: "!env" }, "a"],
    [{ gpu: "24GB" }, "a"],
    [{ gpu: "h100" }, "b"],
    [{ selector: "env!=prod", gpu: "nvidia" }, "a"],
    [{ selector: "env=dev" }, "c"],
  ] as const) {
    // So that none of them is less loaded than another because of what was handed out.
    for (const hive of ["a", "b", "c"]) await queen.request("POST", "/v1/heartbeat", beatJson(hive, [workerJson()]));
    expect(await best(queen, query), JSON.stringify(query)).toMatchObject({ status: 200, body: { hive_id: id } });
  }
  const nobody = await best(queen, { selector: "env=prod", gpu: "l4" });
  expect(nobody).toMatchObject({ status: 404, body: { code: "NO_WORKER", hives: { serving: 0 } } });
  expect((nobody.body as { detail: string }).detail).toBe(
    'No hive that is chosen has a worker for the model "llama-3-8b"',
  );
});

test("follows labels at once where a caller changes them, and from the next round where another program does", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, "a");
  expect(await best(queen, { selector: "env=prod" })).toMatchObject({ status: 404 });
  await queen.request("PATCH", "/v1/hives/a", { labels: { env: "prod" } });
  expect(await best(queen, { selector: "env=prod" })).toMatchObject({ status: 200 });
  queen.clock.advance(LIVENESS_SETTINGS.healthIntervalMs);
  await queen.catalog.labels.set("a", { env: "dev" });
  await queen.watch.runRound();
  expect(await best(queen, { selector: "env=prod" })).toMatchObject({ status: 404 });
  expect(await best(queen, { selector: "env=dev" })).toMatchObject({ status: 200 });
  await queen.catalog.labels.set("a", {});
  await queen.watch.runRound();
  expect(await best(queen, { selector: "!env" })).toMatchObject({ status: 200 });
});

test("a hive that is added anew without labels has none, although another program removed one of its id that had", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, "a", { labels: { env: "prod" } });
  await queen.catalog.removeHive("a");
  await addHive(queen, "a");
  expect(await best(queen, { selector: "env=prod" })).toMatchObject({ status: 404 });
  expect(await best(queen, { selector: "!env" })).toMatchObject({ status: 200 });
});

test("follows devices at once where they are stored, and forgets those of a hive that is removed", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, "a");
  expect(await best(queen, { gpu: "l4" })).toMatchObject({ status: 404 });
  await queen.request("PUT", "/v1/hives/a/devices", devices("NVIDIA L4", 22));
  expect(await best(queen, { gpu: "l4" })).toMatchObject({ status: 200 });
  await queen.request("DELETE", "/v1/hives/a");
  await addHive(queen, "a");
  expect(await best(queen, { gpu: "l4" })).toMatchObject({ status: 404 });
});

test("a page of a round that was read before a caller changed devices does not put the old ones back", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, "a");
  for (const [change, gpu, status] of [
    [devices("NVIDIA L4", 22), "l4", 200],
    [devices("NVIDIA H100 80GB HBM3", 80), "h100", 200],
    [null, "nvidia", 404],
  ] as const) {
    const readAtMs = queen.clock.monotonicNow();
    const before = await queen.catalog.getHive("a");
    if (before === undefined) throw new Error("it is in the catalog");
    queen.clock.advance(1);
    await queen.request("PATCH", "/v1/hives/a", { devices: change });
    queen.fleet.learned(before, readAtMs);
    expect(await best(queen, { gpu }), gpu).toMatchObject({ status });
  }
});

test.each([
  ["selector", "env==prod=x", "at character 10: expected ',' or the end, got '='"],
  ["gpu", "24", undefined],
  ["gpu", "24GB:x:", "at character 8: expected a vendor, a name, a size or a count, got the end"],
])("says where the %s %s broke", async (field, text, message) => {
  await using queen = await startTestQueen();
  const answer = await best(queen, { [field]: text });
  const refused = { status: 400, body: { code: "INVALID_ARGUMENT", errors: [{ field, message }] } };
  expect(answer).toMatchObject(message === undefined ? { status: 404 } : refused);
});
