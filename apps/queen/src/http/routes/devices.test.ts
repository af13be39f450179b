import { afterEach, expect, test } from "vitest";
import { type Answer, answer, DEVICES_JSON, HiveServer } from "../../../test/hive-server.ts";
import { HIVE_JSON, startTestQueen } from "../../../test/test-queen.ts";
import { until } from "../../../test/until.ts";

const hives: HiveServer[] = [];
afterEach(async () => {
  for (const hive of hives.splice(0)) await hive.stop();
});

async function startHive(devices: Answer): Promise<HiveServer> {
  const hive = await HiveServer.start({ "/v1/devices": devices });
  hives.push(hive);
  return hive;
}

const CAPABILITIES = { cpu: { cores: 8, ramGb: 32 }, gpus: [{ index: 0, name: "RTX 3060", vramGb: 12 }] };

test("detects the devices of a hive now, stores and answers them", async () => {
  await using queen = await startTestQueen();
  const hive = await startHive(answer(200, JSON.stringify({ ...DEVICES_JSON, models: 3 })));
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, port: hive.port });
  expect(await queen.request("POST", "/v1/hives/hive-a/devices")).toMatchObject({ status: 200, body: DEVICES_JSON });
  expect((await queen.catalog.getHive("hive-a"))?.devices).toEqual(CAPABILITIES);
});

test("detects anew what is already known", async () => {
  await using queen = await startTestQueen();
  const hive = await startHive(answer(200, JSON.stringify({ cpu: { cores: 4, ram_gb: 16 }, gpus: [] })));
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, port: hive.port, devices: DEVICES_JSON });
  expect(await queen.request("POST", "/v1/hives/hive-a/devices")).toMatchObject({
    status: 200,
    body: { cpu: { cores: 4, ram_gb: 16 }, gpus: [], problems: [] },
  });
  expect((await queen.catalog.getHive("hive-a"))?.devices).toEqual({ cpu: { cores: 4, ramGb: 16 }, gpus: [] });
});

test("shows by their codes what a hive says that would end a line, turn its direction or steer a terminal", async () => {
  await using queen = await startTestQueen();
  const odd = "\u009b31m\u0085\u2028\u202e";
  const shown = String.raw`\u009b31m\u0085\u2028\u202e`;
  const hive = await startHive(answer(200, JSON.stringify(DEVICES_JSON)));
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, port: hive.port });
  hive.routes["/health"] = answer(200, JSON.stringify({ id: odd }));
  const another = await queen.request("POST", "/v1/hives/hive-a/devices");
  expect(another).toMatchObject({ status: 502, body: { detail: expect.stringContaining(`is hive '${shown}'`) } });
  await queen.watch.runRound();
  expect(await queen.request("GET", "/v1/hives/hive-a/liveness")).toMatchObject({
    body: { probes: [{ problem: expect.stringContaining(shown) }] },
  });
});

test("asks a hive once for callers that come together", async () => {
  await using queen = await startTestQueen();
  const waiting: (() => void)[] = [];
  const devices: Answer = (_request, response) => waiting.push(() => response.end(JSON.stringify(DEVICES_JSON)));
  const hive = await startHive(devices);
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, port: hive.port });
  const asked = ["a", "b"].map(() => queen.request("POST", "/v1/hives/hive-a/devices"));
  await until("the hive was asked", () => waiting.length > 0);
  // Both requests have read the record and share one question once this answers.
  await queen.request("GET", "/v1/hives/hive-a");
  for (const reply of waiting) reply();
  expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200]);
  expect(hive.countOf("GET /v1/devices")).toBe(1);
});

test.each([
  ["no devices", answer(200, '{"gpus":1}'), 502, "INVALID_DEVICES", [{ field: "gpus" }]],
  ["no JSON", answer(200, "<html>"), 502, "INVALID_DEVICES", []],
  ["an error", answer(503, ""), 502, "HIVE_UNREACHABLE", []],
] as const)(
  "answers a problem when the hive gives %s, and stores nothing",
  async (_what, devices, status, code, errors) => {
    await using queen = await startTestQueen();
    const hive = await startHive(devices);
    await queen.request("POST", "/v1/hives", { ...HIVE_JSON, port: hive.port });
    expect(await queen.request("POST", "/v1/hives/hive-a/devices")).toMatchObject({ status, body: { code, errors } });
    expect((await queen.catalog.getHive("hive-a"))?.devices).toBeNull();
    const lines = queen.logLines.filter((line) => line.request_id !== undefined);
    expect(lines).toMatchObject([{ level: 40, code, detail: expect.stringContaining("127.0.0.1") }]);
    expect(JSON.stringify(lines)).not.toContain("stack");
  },
);

test("does not contact a hive outside the allowed hosts", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, host: "10.0.1.100" });
  const refused = await queen.request("POST", "/v1/hives/hive-a/devices");
  expect(refused).toMatchObject({
    status: 403,
    body: { code: "HIVE_NOT_ALLOWED", detail: expect.stringContaining("10.0.1.100") },
  });
});

test("stores the devices that an operator writes", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  expect(await queen.request("PUT", "/v1/hives/hive-a/devices", DEVICES_JSON)).toMatchObject({
    status: 200,
    body: DEVICES_JSON,
  });
  expect((await queen.catalog.getHive("hive-a"))?.devices).toEqual(CAPABILITIES);
});

test.each(["PUT", "POST"] as const)("%s answers 404 for a hive that is not there", async (method) => {
  await using queen = await startTestQueen();
  const { status, body } = await queen.request(method, "/v1/hives/nobody/devices", DEVICES_JSON);
  expect({ status, body }).toMatchObject({ status: 404, body: { code: "HIVE_NOT_FOUND" } });
});
