import { createClient } from "@libsql/client";
import { HiveCatalog } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, test, vi } from "vitest";
import { HIVE_JSON, startTestQueen, type TestQueen } from "../../../test/test-queen.ts";
import { Costs } from "../door/costs.ts";

const cpu = { cores: 64, ramGb: 512 };
const h100 = (index: number) => ({ index, name: "NVIDIA H100 80GB HBM3", vramGb: 80 });
const l4 = { index: 0, name: "NVIDIA L4", vramGb: 22 };

async function addFleet(catalog: HiveCatalog): Promise<void> {
  const hive = { host: "10.0.0.1", port: 8600 };
  const devices = { cpu, gpus: [h100(0), h100(1)] };
  await catalog.addHive({ ...hive, id: "a", labels: { env: "prod", zone: "z1" }, status: "online", devices });
  await catalog.addHive({ ...hive, id: "b", labels: { env: "prod", zone: "z2" }, devices: { cpu, gpus: [l4] } });
  await catalog.addHive({ ...hive, id: "c", labels: { env: "dev" }, devices: { cpu: null, gpus: [] } });
  await catalog.addHive({ ...hive, id: "d", host: "gpu.example" });
  await catalog.cordons.set("b", { reason: "fans" });
}

async function list(queen: TestQueen, query: Record<string, string>) {
  const { status, body } = await queen.request("GET", `/v1/hives?${new URLSearchParams(query)}`);
  expect(status, JSON.stringify(body)).toBe(200);
  const { hives, next_after } = body as { hives: { id: string; labels: unknown }[]; next_after: string | null };
  return { hives, ids: hives.map(({ id }) => id).join(), next_after };
}

test("finds hives by labels, devices, status, cordon and text, all together", async () => {
  await using queen = await startTestQueen();
  await addFleet(queen.catalog);
  for (const [query, ids] of [
    [{ selector: "env=prod" }, "a,b"],
    [{ selector: "env in (prod, dev),!zone" }, "c"],
    [{ selector: "" }, "a,b,c,d"],
    [{ gpu: "nvidia:80GB:2" }, "a"],
    [{ gpu: "24GB" }, "a,b"],
    [{ ram: "256GB", cores: "32" }, "a,b"],
    [{ cordoned: "true" }, "b"],
    [{ cordoned: "false", gpu: "nvidia" }, "a"],
    [{ text: "EXAMPLE" }, "d"],
    [{ id: "d,no-such,a" }, "a,d"],
    [{ id: "d,b", cordoned: "true" }, "b"],
    [{ selector: "env=prod", status: "unknown" }, "b"],
    [{ status: "online,offline" }, "a"],
    [{ status: "unknown,online,unknown", gpu: "nvidia" }, "a,b"],
    [{ selector: "env=prod", gpu: "amd" }, ""],
  ] as const) {
    expect(await list(queen, query), JSON.stringify(query)).toMatchObject({ ids, next_after: null });
  }
  expect((await list(queen, { selector: "env=dev" })).hives).toMatchObject([{ id: "c", labels: { env: "dev" } }]);
});

test.each([
  [{ selector: "env=prod=x" }, "selector", "at character 9: expected ',' or the end, got '='"],
  [{ gpu: "nvidia:24GB:48GB" }, "gpu", "at character 13: expected one size at most, got '48GB'"],
  [{ ram: "much" }, "ram", "at character 1"],
  [{ cores: "-1" }, "cores", "at character 1"],
  [{ cordoned: "perhaps" }, "cordoned", 'must be true or false, got "perhaps"'],
  [{ status: "lost" }, "status", 'must be one of unknown, online, offline, got "lost"'],
  [{ status: "online,gone" }, "status.1", 'must be one of unknown, online, offline, got "gone"'],
  [{ status: "" }, "status", 'must be one of unknown, online, offline, got ""'],
  [{ status: "online," }, "status.1", 'must be one of unknown, online, offline, got ""'],
  [{ text: "" }, "text", "must be a text of 1 to 253 characters"],
  [{ text: "x".repeat(254) }, "text", "must be a text of 1 to 253 characters"],
  [{ selector: `a${",a".repeat(16)}` }, "selector", "at most 16 terms"],
  [{ selector: "x".repeat(2001) }, "selector", "at most 2000 characters"],
])("refuses %j, and names the place, the rule and what arrived", async (query, field, message) => {
  await using queen = await startTestQueen();
  const { status, body } = await queen.request("GET", `/v1/hives?${new URLSearchParams(query)}`);
  const errors = [{ field, message: expect.stringContaining(message) }];
  expect({ status, body }).toMatchObject({ status: 400, body: { code: "INVALID_ARGUMENT", errors } });
});

test("pages through what is found in steps, each hive once, with its labels", async () => {
  await using queen = await startTestQueen();
  const ids = Array.from({ length: 450 }, (_, n) => `hive-${1000 + n}`);
  for (const id of ids)
    await queen.catalog.addHive({ ...HIVE_JSON, id, labels: { n: id, odd: String(Number(id.at(-1)) % 2) } });
  const odd = ids.filter((id) => Number(id.at(-1)) % 2 === 1);
  const reads = vi.spyOn(queen.catalog, "findHives");
  const turns = vi.spyOn(Costs.prototype, "turn");
  const first = await list(queen, { selector: "odd=1", limit: "200" });
  expect([reads, turns].map(({ mock }) => mock.calls.length)).toEqual([2, 2]);
  expect(first.ids).toBe(odd.slice(0, 200).join());
  expect(first.hives[150]?.labels).toEqual({ n: odd[150], odd: "1" });
  const second = await list(queen, { selector: "odd=1", limit: "200", after: first.next_after ?? "" });
  expect(second).toMatchObject({ ids: odd.slice(200).join(), next_after: null });
});

test("ends a page early when it looked at very many hives, and says where to go on", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/hives.db`;
  await using queen = await startTestQueen({ catalog: await HiveCatalog.open(file) });
  const other = createClient({ url: `file:${file}` });
  await other.execute(`INSERT INTO hives (id, host, port, status, created_at_ms, updated_at_ms)
    WITH RECURSIVE numbers(n) AS (SELECT 10000 UNION ALL SELECT n + 1 FROM numbers WHERE n < 35000)
    SELECT 'hive-' || n, '10.0.0.1', 8600, 'unknown', 1, 1 FROM numbers`);
  other.close();
  const query = { selector: "team!=ml", text: "hive-35000" };
  const first = await list(queen, query);
  expect(first).toMatchObject({ ids: "", next_after: expect.stringMatching(/^hive-\d{5}$/) });
  expect(await list(queen, { ...query, after: first.next_after ?? "" })).toMatchObject({
    ids: "hive-35000",
    next_after: null,
  });
});
