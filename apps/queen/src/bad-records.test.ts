import { afterAll, beforeAll, expect, test } from "vitest";
import { expectRefusal, JSON_TYPE } from "../test/refusal.ts";
import { beatJson, HIVE_JSON, startTestQueen, type TestQueen } from "../test/test-queen.ts";

/** With one hive. What is refused here changes nothing: one queen does for all. */
let queen: TestQueen;
beforeAll(async () => {
  queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
});
afterAll(() => queen[Symbol.asyncDispose]());

const GPU = { index: 0, name: "RTX 3060", vram_gb: 12 };

const BAD_HIVES: [what: string, body: unknown, ...fields: string[]][] = [
  ["no fields", {}, "id", "host", "port"],
  ["an array", [HIVE_JSON], "body"],
  ["null", null, "body"],
  ["a string", '"hive"', "body"],
  ["an unknown field", { ...HIVE_JSON, colour: "red" }, "colour"],
  ["a field in camelCase", { ...HIVE_JSON, sshHost: "h" }, "sshHost"],
  ["an id with a space", { ...HIVE_JSON, id: "a b" }, "id"],
  ["an id of 129 characters", { ...HIVE_JSON, id: "x".repeat(129) }, "id"],
  ["an empty id", { ...HIVE_JSON, id: "" }, "id"],
  ["an id of a number", { ...HIVE_JSON, id: 7 }, "id"],
  ["an id with a line break", { ...HIVE_JSON, id: "a\n" }, "id"],
  ["port 0", { ...HIVE_JSON, port: 0 }, "port"],
  ["port 65536", { ...HIVE_JSON, port: 65_536 }, "port"],
  ['port "8600"', { ...HIVE_JSON, port: "8600" }, "port"],
  ["port 86.5", { ...HIVE_JSON, port: 86.5 }, "port"],
  ["port null", { ...HIVE_JSON, port: null }, "port"],
  ["a host with a scheme", { ...HIVE_JSON, host: "http://10.0.0.1" }, "host"],
  ["a host with a port", { ...HIVE_JSON, host: "10.0.0.1:80" }, "host"],
  ["a host with a path", { ...HIVE_JSON, host: "h/../x" }, "host"],
  ["a host that is no IPv4 address", { ...HIVE_JSON, host: "256.1.1.1" }, "host"],
  ["an sshUser that begins with -", { ...HIVE_JSON, ssh_host: "h", ssh_user: "-oProxyCommand=x" }, "ssh_user"],
  ["an sshPort without sshHost", { ...HIVE_JSON, ssh_port: 22 }, "ssh_port"],
  ["an sshUser without sshHost", { ...HIVE_JSON, ssh_user: "admin" }, "ssh_user"],
  ["ssh_port 0", { ...HIVE_JSON, ssh_host: "h", ssh_port: 0 }, "ssh_port"],
  ["an unknown status", { ...HIVE_JSON, status: "asleep" }, "status"],
  ["a negative time", { ...HIVE_JSON, last_heartbeat_ms: -1 }, "last_heartbeat_ms"],
  ["a time that is no integer", { ...HIVE_JSON, created_at_ms: 1.5 }, "created_at_ms"],
  ["a time as text", { ...HIVE_JSON, updated_at_ms: "2025" }, "updated_at_ms"],
  ["two GPUs with one index", { ...HIVE_JSON, devices: { cpu: null, gpus: [GPU, GPU] } }, "devices.gpus.1.index"],
  [
    "negative VRAM",
    { ...HIVE_JSON, devices: { cpu: null, gpus: [{ ...GPU, vram_gb: -1 }] } },
    "devices.gpus.0.vram_gb",
  ],
  ["no cores", { ...HIVE_JSON, devices: { cpu: { cores: 0, ram_gb: 1 }, gpus: [] } }, "devices.cpu.cores"],
  [
    "an unknown field of a GPU",
    { ...HIVE_JSON, devices: { cpu: null, gpus: [{ ...GPU, tdp: 1 }] } },
    "devices.gpus.0.tdp",
  ],
  ["devices without GPUs", { ...HIVE_JSON, devices: { cpu: null } }, "devices.gpus"],
  ["several wrong fields", { ...HIVE_JSON, port: 0, host: "" }, "host", "port"],
];

test.each(BAD_HIVES)("POST /v1/hives refuses %s", async (_what, body, ...fields) => {
  const payload = typeof body === "string" ? body : JSON.stringify(body);
  const expected = { status: 400, code: "INVALID_HIVE", fields };
  await expectRefusal(queen, { method: "POST", url: "/v1/hives", headers: JSON_TYPE, payload }, expected);
});

/** Of each kind one: the rules are those of an added hive. */
const BAD_CHANGES = BAD_HIVES.filter(([what]) =>
  /^(?:an array|null|an unknown|a field in camelCase|port 0|an sshUser that|two GPUs|several)/.test(what),
);

test.each(["PUT", "PATCH"] as const)("%s refuses what POST does, and changes nothing", async (method) => {
  expect(BAD_CHANGES.length).toBeGreaterThan(8);
  for (const [, body, ...fields] of BAD_CHANGES) {
    const request = { method, url: "/v1/hives/hive-a", headers: JSON_TYPE, payload: JSON.stringify(body) };
    await expectRefusal(queen, request, { status: 400, code: "INVALID_HIVE", fields });
  }
});

test("PATCH refuses an SSH user for a hive that has no SSH host", async () => {
  const request = {
    method: "PATCH",
    url: "/v1/hives/hive-a",
    headers: JSON_TYPE,
    payload: '{"ssh_user":"admin"}',
  } as const;
  await expectRefusal(queen, request, { status: 400, code: "INVALID_HIVE", fields: ["ssh_user"] });
  const { body } = await queen.send(request);
  expect(JSON.stringify(body)).not.toContain("sshHost");
});

test.each(["PUT", "PATCH"] as const)("%s refuses an id that is not the one in the path", async (method) => {
  const payload = JSON.stringify({ ...HIVE_JSON, id: "hive-b" });
  const expected = { status: 400, code: "INVALID_HIVE", fields: ["id"] };
  await expectRefusal(queen, { method, url: "/v1/hives/hive-a", headers: JSON_TYPE, payload }, expected);
});

const BAD_DEVICES: [what: string, body: unknown, ...fields: string[]][] = [
  ["unknown fields", { cpu: null, gpus: [], models: 1 }, "models"],
  ["a list", [], "body"],
  ["no GPUs", { cpu: null }, "gpus"],
  [
    "the ancestor's id of a GPU",
    { cpu: null, gpus: [{ id: "gpu0", name: "a", vram_gb: 1 }] },
    "gpus.0.index",
    "gpus.0.id",
  ],
];

test.each(BAD_DEVICES)("PUT of devices refuses %s", async (_what, body, ...fields) => {
  const request = {
    method: "PUT",
    url: "/v1/hives/hive-a/devices",
    headers: JSON_TYPE,
    payload: JSON.stringify(body),
  } as const;
  await expectRefusal(queen, request, { status: 400, code: "INVALID_HIVE", fields });
});

const BAD_BEATS: [what: string, body: unknown, ...fields: string[]][] = [
  ["no fields", {}, "hive_id", "timestamp", "workers"],
  ["an id of 8193 characters", beatJson("x".repeat(8193)), "hive_id"],
  ["an id with a NUL", beatJson("a\0"), "hive_id"],
  ["an id with half a character", beatJson("a\ud800"), "hive_id"],
  ["an id of a number", { ...beatJson("hive-a"), hive_id: 7 }, "hive_id"],
  ["workers that are no list", { ...beatJson("hive-a"), workers: {} }, "workers"],
  ["no object", [], "body"],
];

test.each(BAD_BEATS)("POST /v1/heartbeat refuses %s", async (_what, body, ...fields) => {
  const request = { method: "POST", url: "/v1/heartbeat", headers: JSON_TYPE, payload: JSON.stringify(body) } as const;
  await expectRefusal(queen, request, { status: 400, code: "INVALID_ARGUMENT", fields });
  expect((await queen.fleet.view("hive-a")).heard).toBeUndefined();
});

test("says of each missing field of a heartbeat that it is required", async () => {
  const { body } = await queen.request("POST", "/v1/heartbeat", {});
  const { errors } = body as { errors: { field: string; message: string }[] };
  expect(errors.map(({ field }) => field)).toEqual(["hive_id", "timestamp", "workers"]);
  for (const { message } of errors) expect(message).toMatch(/^is required, and must be /);
  expect(errors[1]?.message).toContain("such as 2025-10-21T10:00:00Z");
});
