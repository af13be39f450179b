import { openTestCatalog, type TestCatalog } from "@repo/hive-catalog/testing";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { operate } from "../../../test/lifecycle/operation.ts";
import { beatJson, startTestQueen, type TestQueen, workerJson } from "../../../test/test-queen.ts";

const DEVICES =
  '{"cpu":{"cores":0,"ram_gb":1},"gpus":[{"index":0,"name":"","vram_gb":1},{"index":0,"name":"b","vram_gb":2}]}';

/** Columns of rows that other programs stored, and that input would not be today. */
const ODD: Record<string, Record<string, string | number>> = {
  "a name with an underscore": { host: "gpu_box" },
  "a name with the dot of the root": { host: "gpu.example.com." },
  "an address with a zone": { host: "fe80::1%eth0" },
  "an address in brackets": { host: "[::1]" },
  "a name in letters beyond ASCII": { host: "bücher.example" },
  "a user of a domain": { ssh_host: "h", ssh_user: "DOM\\user" },
  "a user that ssh would read as an option": { ssh_host: "h", ssh_user: "-oProxyCommand=x" },
  "a port of SSH without its host": { ssh_port: 22 },
  "an id with a blank": { id: "gpu 01" },
  "GPU indexes twice": { devices_json: DEVICES },
  "a host that is none": { host: "evil/path" },
  "no host": { host: "" },
  "an id with a slash": { id: "../etc/passwd" },
  "an id of control characters": { id: "\u001b[2J\n\u009b\u202e" },
  "an id of three dots": { id: "..." },
  "an id of 8,192 characters": { id: "x".repeat(8192) },
  "an empty id": { id: "" },
};
const ROWS = Object.entries(ODD);

/** For all tests: none leaves its hive behind. */
let catalog: TestCatalog;
let queen: TestQueen;
beforeAll(async () => {
  catalog = await openTestCatalog();
  const resolve = () => Promise.reject(new Error("names are not looked up here"));
  queen = await startTestQueen({ catalog, resolve });
});
afterAll(() => queen[Symbol.asyncDispose]());

/** Stores that row, as another program does, until the test ends. */
async function storeHive(columns: Record<string, string | number>) {
  const row: Record<string, string | number> = {
    ...{ id: "odd", host: "127.0.0.1", port: 1, status: "unknown", created_at_ms: 1, updated_at_ms: 1 },
    ...columns,
  };
  const values = Object.values(row).map((value) => (typeof value === "string" ? `'${value}'` : value));
  await catalog.run(`INSERT INTO hives (${Object.keys(row).join(", ")}) VALUES (${values.join(", ")})`);
  const id = String(row.id);
  const path = `/v1/hives/${encodeURIComponent(id)}`;
  onTestFinished(async () => void (await queen.request("DELETE", path)));
  return { id, path };
}

test.each(ROWS)("what GET answers of a hive with %s is taken back by PUT and by PATCH", async (_what, columns) => {
  const { path } = await storeHive(columns);
  const read = await queen.request("GET", path);
  expect(read.status, JSON.stringify(read.body)).toBe(200);
  const stored = read.body as Record<string, unknown>;
  // The dot of the root is dropped from what is sent.
  const same = { ...stored, host: String(stored.host).replace(/\.$/, ""), updated_at_ms: expect.any(Number) };

  const put = await queen.request("PUT", path, stored);
  expect(put).toMatchObject({ status: 200, body: same });
  const patched = await queen.request("PATCH", path, stored);
  expect(patched).toMatchObject({ status: 200, body: same });
  expect(await queen.request("PATCH", path, { port: 2 })).toMatchObject({ status: 200, body: { ...same, port: 2 } });
});

test.each(ROWS)("a hive with %s can be listed, watched, cordoned, beat for and removed", async (_what, columns) => {
  const { id, path } = await storeHive(columns);
  expect(await queen.request("GET", "/v1/hives?limit=1")).toMatchObject({
    status: 200,
    body: { hives: [{ id }], next_after: id, damaged: [] },
  });
  const after = encodeURIComponent(id);
  expect(await queen.request("GET", `/v1/hives?after=${after}`)).toMatchObject({ status: 200, body: { hives: [] } });
  // Not on the loopback: from another host nobody could reach it there.
  const worker = workerJson({ url: "http://10.0.0.7:9000" });
  expect(await queen.request("POST", "/v1/heartbeat", beatJson(id, [worker]))).toMatchObject({ status: 200 });
  await queen.watch.runRound();
  expect(await queen.request("GET", path)).toMatchObject({ status: 200, body: { id, status: "online" } });
  expect(await queen.request("GET", "/v1/workers?model=llama-3-8b")).toMatchObject({
    body: { workers: [{ hive_id: id }] },
  });
  for (const view of ["state", "liveness"]) {
    expect(await queen.request("GET", `${path}/${view}`)).toMatchObject({
      status: 200,
      body: { hive_id: id, status: "online", takes_work: true },
    });
  }
  expect(await queen.request("POST", `${path}/cordon`, { reason: "odd" })).toMatchObject({
    status: 200,
    body: { hive_id: id },
  });
  expect(await queen.request("POST", `${path}/uncordon`)).toMatchObject({ status: 200, body: { lifted: true } });
  const devices = { cpu: null, gpus: [] };
  expect(await queen.request("PUT", `${path}/devices`, devices)).toMatchObject({ status: 200, body: devices });
  expect(await queen.request("DELETE", path)).toMatchObject({ status: 204 });
  expect(await queen.request("GET", path)).toMatchObject({ status: 404, body: { code: "HIVE_NOT_FOUND" } });
});

test.each([
  ["ssh_user", { ssh_host: "127.0.0.1", ssh_user: "-oProxyCommand=x" }, "restart"],
  ["ssh_user", { ssh_host: "127.0.0.1", ssh_user: "a b" }, "stop"],
  ["ssh_host", { ssh_host: "-v" }, "start"],
  ["ssh_host", { ssh_host: "user@host" }, "stop"],
  ["the id of an agent", { id: "../../x" }, "start"],
  ["the id of an agent", { id: "a\nHIVE_TOKEN=x", ssh_host: "127.0.0.1" }, "stop"],
])("an operation fails before it connects, and says what to mend: %s, for %j", async (what, columns, kind) => {
  const { id } = await storeHive(columns);
  const operation = await operate(queen.request, kind, encodeURIComponent(id));
  expect(operation).toMatchObject({
    hive_id: id,
    state: "failed",
    problem: expect.stringMatching(new RegExp(`^connect: ${what} must be `)),
  });
  expect(operation.output_tail).toBe("");
});

test.each([
  ["ssh_user", { ssh_host: "127.0.0.1", ssh_user: "-oProxyCommand=x" }],
  ["ssh_host", { ssh_host: "a b" }],
])("the host keys of a hive with an %s that cannot be used are not asked for", async (field, columns) => {
  const { path } = await storeHive(columns);
  const asked = [
    ["GET", ""],
    ["POST", "/scan"],
    ["DELETE", ""],
  ] as const;
  for (const [method, rest] of asked) {
    expect(await queen.request(method, `${path}/ssh-host-key${rest}`)).toMatchObject({
      status: 409,
      body: { code: "HIVE_NOT_MANAGED", detail: expect.stringContaining(`${field} must be `) },
    });
  }
});

test("a host that is none is not contacted, and it is said why", async () => {
  const { path } = await storeHive({ host: "evil/path" });
  await queen.watch.runRound();
  const why = '"evil/path" is no host name and no IP address';
  expect(await queen.request("GET", `${path}/state`)).toMatchObject({ body: { contactable: false } });
  expect(await queen.request("GET", `${path}/liveness`)).toMatchObject({
    body: { contactable: false, probes: [{ outcome: "refused", problem: expect.stringContaining(why) }] },
  });
  expect(await queen.request("POST", `${path}/devices`)).toMatchObject({
    status: 403,
    body: { code: "HIVE_NOT_ALLOWED", detail: expect.stringContaining(why) },
  });
});

test("PUT and PATCH hold what changes to the rules, and that alone", async () => {
  const { path } = await storeHive({ host: "evil/path", ssh_host: "h", ssh_user: "-v", devices_json: DEVICES });
  const { body } = await queen.request("GET", path);
  const stored = body as Record<string, unknown>;
  for (const method of ["PUT", "PATCH"] as const) {
    for (const [field, value] of [
      ["host", "evil/other"],
      ["ssh_user", "-w"],
      ["port", 0],
      ["last_heartbeat_ms", -1],
      ["colour", "red"],
    ] as const) {
      const refused = await queen.request(method, path, { ...stored, [field]: value });
      expect(refused, `${method} ${field}`).toMatchObject({
        status: 400,
        body: { code: "INVALID_HIVE", errors: [{ field }] },
      });
      expect((refused.body as { errors: unknown[] }).errors).toHaveLength(1);
    }
  }
  const { host: _host, ...rest } = stored;
  expect(await queen.request("PUT", path, rest)).toMatchObject({ status: 400, body: { errors: [{ field: "host" }] } });
  expect(await queen.request("PUT", path, { ...stored, host: "h", ssh_user: null })).toMatchObject({
    status: 200,
    body: { host: "h", ssh_user: null, devices: stored.devices },
  });
});
