import { createClient } from "@libsql/client";
import { HiveCatalog } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, test } from "vitest";
import { expectRefusal } from "../../../test/refusal.ts";
import { beatJson, HIVE_JSON, startTestQueen, type TestQueen, workerJson } from "../../../test/test-queen.ts";

/** Every page of a list, each as what `show` makes of its items. */
async function pagesOf<Item>(queen: TestQueen, path: string, list: string, show: (item: Item) => string) {
  const pages: string[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const { status, body } = await queen.request("GET", `${path}${after && `&after=${encodeURIComponent(after)}`}`);
    expect(status, JSON.stringify(body)).toBe(200);
    const page = body as Record<string, Item[]> & { next_after: string | null };
    pages.push((page[list] ?? []).map(show).join());
    after = page.next_after;
  }
  return pages;
}

test("lists the cordons in force by hive, page by page, a damaged one too", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/hives.db`;
  await using queen = await startTestQueen({ catalog: await HiveCatalog.open(file, { now: () => 1_761_040_800_000 }) });
  for (const id of ["a", "b", "c", "d", "e"]) await queen.catalog.addHive({ ...HIVE_JSON, id });
  for (const id of ["e", "c", "a"]) await queen.request("POST", `/v1/hives/${id}/cordon`, { reason: `fans of ${id}` });
  await queen.request("POST", "/v1/hives/b/cordon", { reason: "soon over", for: "1m" });
  expect((await queen.request("GET", "/v1/cordons?after=c")).body).toEqual({
    cordons: [{ hive_id: "e", reason: "fans of e", until_ms: null, created_at_ms: 1_761_040_800_000 }],
    next_after: null,
  });
  const show = ({ hive_id, reason }: { hive_id: string; reason: string }) => `${hive_id}: ${reason}`;
  const pages = () => pagesOf(queen, "/v1/cordons?limit=2", "cordons", show);
  expect(await pages()).toEqual(["a: fans of a,b: soon over", "c: fans of c,e: fans of e", ""]);
  const other = createClient({ url: `file:${file}` });
  await other.execute("UPDATE cordons SET until_ms = 1 WHERE hive_id = 'b'");
  await other.execute("UPDATE cordons SET reason = x'ff' WHERE hive_id = 'c'");
  other.close();
  expect(await pages()).toEqual([
    expect.stringMatching(/^a: fans of a,c: the stored cordon is damaged/),
    "e: fans of e",
  ]);
});

test("lists operations by state, kind and hive, page by page", async () => {
  await using queen = await startTestQueen();
  const { operations } = queen.catalog;
  for (const id of ["a", "b"]) await queen.catalog.addHive({ ...HIVE_JSON, id });
  for (const [n, hiveId] of ["a", "b", "a", "b", "a"].entries()) {
    const kind = n < 3 ? "install" : "stop";
    await operations.begin({ id: `op-${n}`, hiveId, kind, owner: "q", deadlineMs: queen.clock.now() });
    if (n < 4) await operations.finish(`op-${n}`, { state: n % 2 ? "failed" : "succeeded" });
  }
  const pages = (query: string) =>
    pagesOf(queen, `/v1/operations?${query}`, "operations", ({ id }: { id: string }) => id);
  expect(await pages("state=running")).toEqual(["op-4"]);
  expect(await pages("state=succeeded&kind=install&limit=1")).toEqual(["op-2", "op-0", ""]);
  expect(await pages("state=failed&hive_id=b")).toEqual(["op-3,op-1"]);
  expect(await pages("kind=stop&hive_id=a")).toEqual(["op-4"]);
  expect(await pages("state=running,failed&kind=stop&kind=install")).toEqual(["op-4,op-3,op-1"]);
  expect(await pages("limit=3")).toEqual(["op-4,op-3,op-2", "op-1,op-0"]);
  const refused = { method: "GET", url: "/v1/operations?state=lost&kind=remove" } as const;
  await expectRefusal(queen, refused, { status: 400, code: "INVALID_ARGUMENT", fields: ["state", "kind"] });
});

test("operations of a hive that was removed are listed; of one that never was, or of none, they are refused", async () => {
  await using queen = await startTestQueen();
  await queen.catalog.addHive(HIVE_JSON);
  const list = (hiveId: string, more = "") => queen.request("GET", `/v1/operations?hive_id=${hiveId}${more}`);
  expect(await list(HIVE_JSON.id)).toMatchObject({ status: 200, body: { operations: [] } });
  const operation = { id: "op", hiveId: HIVE_JSON.id, kind: "stop", owner: "q", deadlineMs: 1 } as const;
  await queen.catalog.operations.begin(operation);
  await queen.catalog.operations.finish("op", { state: "succeeded" });
  await queen.catalog.removeHive(HIVE_JSON.id);
  expect(await list(HIVE_JSON.id)).toMatchObject({ status: 200, body: { operations: [{ id: "op" }] } });
  expect(await list(HIVE_JSON.id, "&state=failed")).toMatchObject({ status: 200, body: { operations: [] } });
  for (const id of ["nope", "", "a%00b"]) {
    const refused = { method: "GET", url: `/v1/operations?hive_id=${id}` } as const;
    await expectRefusal(queen, refused, { status: 400, code: "INVALID_ARGUMENT", fields: ["hive_id"] });
  }
});

test("of what is rare among very many operations a page may be empty, and says where to go on", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/hives.db`;
  await using queen = await startTestQueen({ catalog: await HiveCatalog.open(file) });
  await queen.catalog.addHive(HIVE_JSON);
  const rare = { id: "rare", hiveId: HIVE_JSON.id, kind: "stop", owner: "q", deadlineMs: 1 } as const;
  await queen.catalog.operations.begin(rare);
  await queen.catalog.operations.finish("rare", { state: "cancelled" });
  const other = createClient({ url: `file:${file}` });
  await other.execute(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 21000)
    INSERT INTO operations SELECT 'op-' || i, 'gone', 'start', 'failed', 'q', 1, 2, 3, NULL, '[]', '', NULL FROM n`);
  other.close();
  const show = ({ id }: { id: string }) => id;
  expect(await pagesOf(queen, "/v1/operations?state=cancelled", "operations", show)).toEqual(["", "rare"]);
});

test("lists models by name, page by page, with their workers by state", async () => {
  await using queen = await startTestQueen();
  for (const id of ["a", "b"]) await queen.catalog.addHive({ ...HIVE_JSON, id });
  const states = ["Idle", "Busy", "Loading", "Error", "Shutdown"];
  const workers = (id: string) => [
    ...states.map((state) => workerJson({ worker_id: `${id}-${state}`, state, model_id: "shared" })),
    ...[..."fbdace"].map((model_id) => workerJson({ worker_id: `${id}-${model_id}`, model_id })),
  ];
  for (const id of ["a", "b"]) await queen.request("POST", "/v1/heartbeat", beatJson(id, workers(id)));
  const pages = (limit: number) =>
    pagesOf(queen, `/v1/models?limit=${limit}`, "models", ({ model }: { model: string }) => model);
  expect(await pages(2)).toEqual(["a,b", "c,d", "e,f", "shared"]);
  expect(await pages(7)).toEqual(["a,b,c,d,e,f,shared"]);
  expect((await queen.request("GET", "/v1/models?after=f")).body).toEqual({
    models: [
      {
        model: "shared",
        workers: { idle: 2, busy: 2, loading: 2, error: 2, shutdown: 2 },
        idle_kept_from_work: 0,
        hives_with_it_on_disk: 0,
      },
    ],
    next_after: null,
  });
});

test("of a model's idle workers those are told apart that get no work because of their hive", async () => {
  await using queen = await startTestQueen();
  for (const id of ["a", "b", "c"]) {
    await queen.catalog.addHive({ ...HIVE_JSON, id });
    await queen.request("POST", "/v1/heartbeat", beatJson(id, [workerJson({ model_id: "m" })]));
  }
  const idle = async () => {
    const { body } = await queen.request("GET", "/v1/models");
    const [{ workers, idle_kept_from_work: kept }] = (body as { models: [Record<string, Record<string, number>>] })
      .models;
    return [workers?.idle, kept];
  };
  expect(await idle()).toEqual([3, 0]);
  for (const id of ["a", "b"]) await queen.request("POST", `/v1/hives/${id}/cordon`, { reason: "fans", for: "10s" });
  expect(await idle()).toEqual([3, 2]);
  await queen.request("PATCH", "/v1/hives/c", { status: "offline" });
  expect(await idle()).toEqual([3, 3]);
  expect((await queen.request("GET", "/v1/workers/best?model=m")).status).toBe(404);
  queen.clock.advance(10_000);
  expect(await idle()).toEqual([3, 1]);
});
