import { createClient } from "@libsql/client";
import { HiveCatalog } from "@repo/hive-catalog";
import { aHive, temporaryFolder } from "@repo/hive-catalog/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { beatJson, HIVE_JSON, startTestQueen, type TestQueen, workerJson } from "../../../test/test-queen.ts";

const STORED = {
  ...HIVE_JSON,
  ssh_host: null,
  ssh_port: null,
  ssh_user: null,
  status: "unknown",
  last_heartbeat_ms: null,
  devices: null,
  created_at_ms: 1_761_040_800_000,
  updated_at_ms: 1_761_040_800_000,
};
const DEVICES = { cpu: { cores: 16, ram_gb: 64 }, gpus: [{ index: 0, name: "NVIDIA RTX 4090", vram_gb: 24 }] };
const FULL = {
  ...HIVE_JSON,
  ssh_host: "10.0.0.1",
  ssh_port: 22,
  ssh_user: "admin",
  status: "offline",
  devices: DEVICES,
};

/** For the tests that change nothing. */
let shared: TestQueen;
beforeAll(async () => {
  shared = await startTestQueen();
});
afterAll(() => shared[Symbol.asyncDispose]());

test("adds a hive, says where it is, and gives it back", async () => {
  await using queen = await startTestQueen();
  const added = await queen.request("POST", "/v1/hives", HIVE_JSON);
  expect(added).toMatchObject({ status: 201, body: STORED, headers: { location: "/v1/hives/hive-a" } });
  expect(await queen.request("GET", "/v1/hives/hive-a")).toMatchObject({ status: 200, body: STORED });
});

test("adds a hive with every field that it is given", async () => {
  await using queen = await startTestQueen();
  const given = { ...FULL, last_heartbeat_ms: 5, created_at_ms: 3, updated_at_ms: 4 };
  expect(await queen.request("POST", "/v1/hives", given)).toMatchObject({ status: 201, body: given });
});

test("does not add a second hive under one id", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  const again = await queen.request("POST", "/v1/hives", { ...HIVE_JSON, port: 1 });
  expect(again).toMatchObject({ status: 409, body: { code: "HIVE_ALREADY_EXISTS", status: 409 } });
  expect((await queen.catalog.getHive("hive-a"))?.port).toBe(8600);
});

test("replaces a hive as a whole with PUT, but for what the queen observes and the times", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", { ...FULL, last_heartbeat_ms: 77 });
  queen.clock.advance(10);
  const replaced = await queen.request("PUT", "/v1/hives/hive-a", {
    host: "::1",
    port: 1,
    created_at_ms: 1,
    last_heartbeat_ms: 1,
  });
  expect(replaced).toMatchObject({
    status: 200,
    body: {
      ...STORED,
      host: "::1",
      port: 1,
      status: "offline",
      devices: DEVICES,
      last_heartbeat_ms: 77,
      updated_at_ms: 1_761_040_800_010,
    },
  });
  expect(await queen.request("GET", "/v1/hives/hive-a")).toMatchObject({ body: replaced.body as object });
});

test("leaves a hive that beats online when PUT moves it, and sets status and devices where PUT names them", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, devices: DEVICES });
  await queen.request("POST", "/v1/heartbeat", beatJson("hive-a"));
  await queen.request("PUT", "/v1/hives/hive-a", { host: "127.0.0.1", port: 8601 });
  const stored = { port: 8601, status: "online", devices: DEVICES };
  expect(await queen.request("GET", "/v1/hives/hive-a")).toMatchObject({ body: stored });
  expect(queen.changes()).toEqual(["hive-a: unknown → online"]);
  const named = { host: "127.0.0.1", port: 8601, status: "unknown", devices: null };
  expect(await queen.request("PUT", "/v1/hives/hive-a", named)).toMatchObject({ status: 200, body: named });
});

test("takes back with PUT and PATCH what was read", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", FULL);
  const { body } = await queen.request("GET", "/v1/hives/hive-a");
  expect(await queen.request("PUT", "/v1/hives/hive-a", body)).toMatchObject({ status: 200, body: FULL });
  expect(await queen.request("PATCH", "/v1/hives/hive-a", body)).toMatchObject({ status: 200, body: FULL });
});

test("changes with PATCH only the fields named, and clears those that are null", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", FULL);
  const changes = { port: 9000, ssh_user: null, devices: null };
  const patched = await queen.request("PATCH", "/v1/hives/hive-a", changes);
  expect(patched).toMatchObject({ status: 200, body: { ...FULL, ...changes } });
  const merge = { method: "PATCH", url: "/v1/hives/hive-a", payload: '{"port":9001}' } as const;
  const merged = await queen.send({ ...merge, headers: { "content-type": "application/merge-patch+json" } });
  expect(merged).toMatchObject({ status: 200, body: { ...FULL, ...changes, port: 9001 } });
});

test("never creates with PUT or PATCH", async () => {
  await using queen = await startTestQueen();
  for (const method of ["PUT", "PATCH"] as const) {
    const { status, body } = await queen.request(method, "/v1/hives/hive-a", { host: "h", port: 1 });
    expect({ status, body }).toMatchObject({ status: 404, body: { code: "HIVE_NOT_FOUND" } });
  }
  expect(await queen.catalog.countHives()).toBe(0);
});

test("removes a hive, and what was known of its workers", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, devices: DEVICES });
  await queen.request("POST", "/v1/heartbeat", beatJson("hive-a", [workerJson()]));
  expect(await queen.request("DELETE", "/v1/hives/hive-a")).toMatchObject({ status: 204, body: undefined });
  expect([...queen.fleet.registry.workers()].flat()).toEqual([]);
  expect(queen.fleet.sight("hive-a")).toBeUndefined();
  expect(await queen.request("DELETE", "/v1/hives/hive-a")).toMatchObject({
    status: 404,
    body: { code: "HIVE_NOT_FOUND" },
  });
});

test.each(["a%20b", "-x", "x".repeat(129), "%00", "%C3%A4", "a%2Fb", ""])(
  "knows no hive at /v1/hives/%s",
  async (id) => {
    const queen = shared;
    for (const [method, path, body] of [
      ["GET", "", undefined],
      ["DELETE", "", undefined],
      ["PUT", "", { host: "h", port: 1 }],
      ["PATCH", "", {}],
      ["GET", "/state", undefined],
      ["POST", "/devices", undefined],
      ["PUT", "/devices", DEVICES],
    ] as const) {
      const found = await queen.request(method, `/v1/hives/${id}${path}`, body);
      expect(found, `${method} ${path}`).toMatchObject({ status: 404, body: { code: "HIVE_NOT_FOUND" } });
    }
  },
);

test("pages through the hives by id", async () => {
  await using queen = await startTestQueen();
  for (const id of ["c", "a", "d", "b"]) await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id });
  const list = async (query: string) => {
    const { body } = await queen.request("GET", `/v1/hives${query}`);
    const { hives, next_after, damaged } = body as {
      hives: { id: string }[];
      next_after: string | null;
      damaged: unknown[];
    };
    return { ids: hives.map(({ id }) => id).join(), next_after, damaged };
  };
  expect(await list("")).toEqual({ ids: "a,b,c,d", next_after: null, damaged: [] });
  expect(await list("?limit=3")).toEqual({ ids: "a,b,c", next_after: "c", damaged: [] });
  expect(await list("?limit=3&after=c")).toEqual({ ids: "d", next_after: null, damaged: [] });
  expect(await list("?after=%20any%20text%20")).toMatchObject({ ids: "a,b,c,d" });
  expect(await list("?after=zzz")).toEqual({ ids: "", next_after: null, damaged: [] });
});

test("lists the hives of one status", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id: "a", status: "online" });
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id: "b", status: "offline" });
  const { body } = await queen.request("GET", "/v1/hives?status=offline");
  expect(body).toMatchObject({ hives: [{ id: "b", status: "offline" }], next_after: null });
});

test.each([
  ["?limit=0", "limit"],
  ["?limit=1001", "limit"],
  ["?limit=-1", "limit"],
  ["?limit=1.5", "limit"],
  ["?limit=", "limit"],
  ["?limit=1&limit=2", "limit"],
  ["?limit=%zz", "limit"],
  ["?status=ONLINE", "status"],
  ["?status=", "status"],
  ["?colour=red", "colour"],
  ["?__proto__=1", "__proto__"],
])("refuses the query %s and names the parameter", async (query, field) => {
  const queen = shared;
  const { status, body } = await queen.request("GET", `/v1/hives${query}`);
  expect({ status, body }).toMatchObject({ status: 400, body: { code: "INVALID_ARGUMENT", errors: [{ field }] } });
});

test("lists the sound hives and names the damaged one, which can be removed", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/hives.db`;
  await using queen = await startTestQueen({ catalog: await HiveCatalog.open(file) });
  await queen.catalog.addHive(aHive({ id: "sound" }));
  await queen.catalog.addHive(aHive({ id: "broken" }));
  const other = createClient({ url: `file:${file}` });
  await other.execute("UPDATE hives SET port = 99999, id = 'bro ken' WHERE id = 'broken'");
  other.close();

  const { status, body } = await queen.request("GET", "/v1/hives");
  expect({ status, body }).toMatchObject({
    status: 200,
    body: {
      hives: [{ id: "sound" }],
      damaged: [{ id: "bro ken", column: "port" }],
    },
  });
  expect(await queen.request("DELETE", "/v1/hives/bro%20ken")).toMatchObject({ status: 204 });
  expect(await queen.catalog.countHives()).toBe(1);
});

test("answers 500 CORRUPT_HIVE for a damaged hive, naming the column, and goes on", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/hives.db`;
  await using queen = await startTestQueen({ catalog: await HiveCatalog.open(file) });
  await queen.catalog.addHive(aHive({ id: "broken" }));
  const other = createClient({ url: `file:${file}` });
  await other.execute("UPDATE hives SET devices_json = '{'");
  other.close();

  const { status, body } = await queen.request("GET", "/v1/hives/broken");
  expect({ status, body }).toMatchObject({
    status: 500,
    body: { code: "CORRUPT_HIVE", detail: expect.stringContaining("devices_json") },
  });
  expect(await queen.request("POST", "/v1/heartbeat", beatJson("broken"))).toMatchObject({ status: 200 });
  expect(await queen.request("GET", "/health")).toMatchObject({ status: 200 });
});

test("answers HEAD where it answers GET", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  for (const url of ["/v1/hives", "/v1/hives/hive-a", "/health", "/v1/counts"]) {
    const { statusCode, payload } = await queen.app.inject({ method: "HEAD", url });
    expect({ url, statusCode, payload }).toEqual({ url, statusCode: 200, payload: "" });
  }
});

test("counts the hives by status", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id: "a", status: "online" });
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id: "b", status: "online" });
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id: "c" });
  expect(await queen.request("GET", "/v1/counts")).toMatchObject({
    status: 200,
    body: { total: 3, unknown: 1, online: 2, offline: 0 },
  });
});

test("logs a status that an operator sets, once", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  await queen.request("PATCH", "/v1/hives/hive-a", { status: "offline" });
  await queen.request("PATCH", "/v1/hives/hive-a", { port: 9 });
  expect(queen.changes()).toEqual(["hive-a: unknown → offline"]);
});
