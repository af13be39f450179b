import { join } from "node:path";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Daemon, spawnQueen } from "../daemon.ts";
import { exchange } from "../raw-request.ts";
import { beatJson, HIVE_JSON } from "../test-queen.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let queen: Daemon;
let port: number;

beforeAll(async () => {
  folder = await temporaryFolder();
  queen = spawnQueen([], { QUEEN_DATABASE: join(folder.path, "hives.db") });
  port = await queen.port();
  await exchange(port, jsonRequest("POST", "/v1/hives", JSON.stringify(HIVE_JSON)));
});

afterAll(async () => {
  await queen[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const CLOSE = "Host: queen\r\nConnection: close\r\n";
const jsonRequest = (method: string, path: string, body: string, type = "application/json"): string =>
  `${method} ${path} HTTP/1.1\r\n${CLOSE}Content-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

const hive = (fields: Record<string, unknown>) =>
  jsonRequest("POST", "/v1/hives", JSON.stringify({ ...HIVE_JSON, id: "bad", ...fields }));
const heartbeat = (fields: Record<string, unknown>) =>
  jsonRequest("POST", "/v1/heartbeat", JSON.stringify({ ...beatJson("hive-a"), ...fields }));
const get = (path: string) => `GET ${path} HTTP/1.1\r\n${CLOSE}\r\n`;

const GPU = { index: 0, name: "RTX 3060", vram_gb: 12 };
const MB = 2 ** 20;

type Case = [what: string, request: string, status: number, code: string, ...fields: string[]];
const CASES: Case[] = [
  ["wrong JSON", jsonRequest("POST", "/v1/hives", '{"id":'), 400, "INVALID_JSON", "body"],
  ["an empty body", jsonRequest("POST", "/v1/hives", ""), 400, "INVALID_JSON", "body"],
  ["a missing field", jsonRequest("POST", "/v1/hives", '{"id":"bad","port":1}'), 400, "INVALID_HIVE", "host"],
  ["an unknown field", hive({ colour: "red" }), 400, "INVALID_HIVE", "colour"],
  ["an id with spaces", hive({ id: "a b" }), 400, "INVALID_HIVE", "id"],
  ["an id of 129 characters", hive({ id: "x".repeat(129) }), 400, "INVALID_HIVE", "id"],
  ["port 0", hive({ port: 0 }), 400, "INVALID_HIVE", "port"],
  ["port 65536", hive({ port: 65_536 }), 400, "INVALID_HIVE", "port"],
  ['port "8600"', hive({ port: "8600" }), 400, "INVALID_HIVE", "port"],
  ["a host with a scheme", hive({ host: "http://10.0.0.1" }), 400, "INVALID_HIVE", "host"],
  [
    "an ssh_user that begins with -",
    hive({ ssh_host: "h", ssh_user: "-oProxyCommand=x" }),
    400,
    "INVALID_HIVE",
    "ssh_user",
  ],
  ["a negative time", hive({ last_heartbeat_ms: -1 }), 400, "INVALID_HIVE", "last_heartbeat_ms"],
  ["a time that is no integer", hive({ created_at_ms: 1.5 }), 400, "INVALID_HIVE", "created_at_ms"],
  [
    "two GPUs with one index",
    hive({ devices: { cpu: null, gpus: [GPU, GPU] } }),
    400,
    "INVALID_HIVE",
    "devices.gpus.1.index",
  ],
  ["an id that is taken", jsonRequest("POST", "/v1/hives", JSON.stringify(HIVE_JSON)), 409, "HIVE_ALREADY_EXISTS"],
  ["a heartbeat without a time", heartbeat({ timestamp: undefined }), 400, "INVALID_ARGUMENT", "timestamp"],
  ["a heartbeat of an unknown hive", heartbeat({ hive_id: "nobody" }), 404, "HIVE_NOT_FOUND"],
  ["a body of 2 MB", jsonRequest("POST", "/v1/hives", JSON.stringify("x".repeat(2 * MB))), 413, "PAYLOAD_TOO_LARGE"],
  [
    "a wrong content type",
    jsonRequest("POST", "/v1/hives", "id=bad", "application/x-www-form-urlencoded"),
    415,
    "UNSUPPORTED_MEDIA_TYPE",
  ],
  ["an unknown path", get("/v2/hives"), 404, "NOT_FOUND"],
  ["an unknown method", jsonRequest("DELETE", "/v1/hives", "{}"), 405, "METHOD_NOT_ALLOWED"],
  ["a limit that is no number", get("/v1/hives?limit=many"), 400, "INVALID_ARGUMENT", "limit"],
  ["a broken escape in the path", get("/v1/hives/%zz"), 400, "BAD_REQUEST"],
  ["a Content-Length that is no number", "POST /v1/hives HTTP/1.1\r\nContent-Length: ten\r\n\r\n", 400, "BAD_REQUEST"],
  ["a TLS greeting", "\u0016\u0003\u0001\u0002\r\n\r\n", 400, "BAD_REQUEST"],
  ["garbage", "once upon a time\r\n\r\n", 400, "BAD_REQUEST"],
  ["headers of 64 KB", `GET /health HTTP/1.1\r\nX-Long: ${"x".repeat(65_536)}\r\n\r\n`, 431, "HEADERS_TOO_LARGE"],
];

describe("bad input to the real process is a problem that stores nothing", () => {
  test.each(CASES)("%s", async (_what, request, status, code, ...fields) => {
    const before = await exchange(port, get("/v1/hives"));
    const { headers, body, ...answer } = await exchange(port, request);
    expect(answer.status, JSON.stringify(body)).toBe(status);
    expect(headers).toContain("content-type: application/problem+json");
    expect(body).toMatchObject({ type: "about:blank", status, code, detail: expect.any(String) });
    const problems = body.errors as { field: string; message: string }[];
    expect(problems.map(({ field }) => field)).toEqual(fields);
    expect(JSON.stringify(body)).not.toMatch(/SQLITE|libsql|drizzle|insert into|node_modules/i);
    expect(await exchange(port, get("/v1/hives"))).toEqual({ ...before, headers: expect.any(String) });
  });
});

test("goes on after all of that: the same process takes a beat, and has no error of its own in its log", async () => {
  const { status, body } = await exchange(port, heartbeat({}));
  expect({ status, body }).toEqual({
    status: 200,
    body: { status: "ok", message: "Heartbeat received from hive-a", next_beat_ms: expect.any(Number) },
  });
  expect(queen.child.exitCode).toBeNull();
  expect(queen.logLines.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  expect(queen.stderr).toBe("");
});
