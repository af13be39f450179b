import { expect, test } from "vitest";
import { startHive } from "../../test/hive-server.ts";
import { addHive, beatJson, HIVE_JSON, startTestQueen, workerJson } from "../../test/test-queen.ts";
import { Problem } from "./errors.ts";

const MAX_PROBLEM_BYTES = 16_384;
const JSON_TYPE = { "content-type": "application/json" };

interface ProblemJson {
  code: string;
  detail: string;
  errors: { field: string; message: string }[];
}

const objects = (count: number) => Array.from({ length: count }, () => ({}));
const unknownKeys = (count: number) => Object.fromEntries(objects(count).map((_, n) => [`unknown_${n}`, n]));
const gpus = (count: number) => objects(count).map((_, index) => ({ index, name: "a", vram_gb: 1 }));
const sameWorkers = (count: number) => objects(count).map(() => workerJson());

/** What is refused for its number, whatever is wrong with it beside. */
const TOO_MANY: [what: string, method: "POST" | "PUT" | "PATCH", url: string, body: unknown, field: string][] = [
  ["25,000 workers", "POST", "/v1/heartbeat", beatJson("hive-a", objects(25_000)), "workers"],
  ["1,025 equal workers", "POST", "/v1/heartbeat", beatJson("hive-a", sameWorkers(1025)), "workers"],
  ["25,000 GPUs", "PUT", "/v1/hives/hive-a/devices", { cpu: null, gpus: gpus(25_000) }, "gpus"],
  ["40,000 unknown fields", "PUT", "/v1/hives/hive-a", { ...HIVE_JSON, ...unknownKeys(40_000) }, "body"],
  ["40,000 unknown fields in a patch", "PATCH", "/v1/hives/hive-a", unknownKeys(40_000), "body"],
  ["a deep nest that is ignored", "POST", "/v1/heartbeat", `{"x":${"[".repeat(200_000)}`, "body"],
];

test.each(TOO_MANY)("%s are counted, and looked at no further", async (_what, method, url, body, field) => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  const payload = typeof body === "string" ? body : JSON.stringify(body);
  const answer = await queen.send({ method, url, headers: JSON_TYPE, payload });
  expect(answer).toMatchObject({ status: 413, body: { code: "PAYLOAD_TOO_LARGE", errors: [{ field }] } });
});

const beatOfNobody = (workers: unknown[]) => ({ ...beatJson("", workers), hive_id: null });
/** As many as are looked at, each of them wrong. */
const ALL_WRONG: [what: string, method: "POST" | "PUT", url: string, body: unknown][] = [
  ["1,024 workers without a field, of nobody", "POST", "/v1/heartbeat", beatOfNobody(objects(1024))],
  ["1,024 equal workers of nobody", "POST", "/v1/heartbeat", beatOfNobody(sameWorkers(1024))],
  ["1,024 GPUs without a field", "PUT", "/v1/hives/hive-a/devices", { cpu: null, gpus: objects(1024) }],
  ["1,000 unknown fields", "PUT", "/v1/hives/hive-a", { ...HIVE_JSON, ...unknownKeys(1000) }],
  ["unknown fields with long names", "POST", "/v1/hives", { ...HIVE_JSON, ["\u0001".repeat(100_000)]: 1 }],
  ["long values", "POST", "/v1/heartbeat", beatOfNobody([{ worker_id: { a: "x".repeat(400_000) } }])],
];

test.each(ALL_WRONG)("of %s 20 are told, in at most 16 KB", async (_what, method, url, body) => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  const answer = await queen.request(method, url, body);
  const { errors } = answer.body as ProblemJson;
  expect(answer.status).toBe(400);
  expect(errors.length).toBeGreaterThan(0);
  expect(errors.length).toBeLessThanOrEqual(20);
  expect(Buffer.byteLength(JSON.stringify(answer.body))).toBeLessThanOrEqual(MAX_PROBLEM_BYTES);
});

test("an answer to an error has at most 16 KB, whatever it is about", () => {
  const long = "\u0001".repeat(100_000);
  const errors = Array.from({ length: 1000 }, () => ({ field: long, message: long }));
  const body = new Problem("INVALID_ARGUMENT", long, { errors }).body("r-1");
  expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThanOrEqual(MAX_PROBLEM_BYTES);
  expect(body.detail.length).toBeGreaterThan(1000);
});

test("a heartbeat has at most 512 KB, which is room for 1,024 workers; other bodies 1 MB", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  const workers = objects(1024).map((_, n) =>
    workerJson({ worker_id: `worker-${n}`, url: `http://${"x".repeat(100)}` }),
  );
  expect(await queen.request("POST", "/v1/heartbeat", beatJson("hive-a", workers))).toMatchObject({ status: 200 });
  const padded = (json: unknown, bytes: number) => JSON.stringify(json).padEnd(bytes);
  const send = (url: string, payload: string) => queen.send({ method: "POST", url, headers: JSON_TYPE, payload });
  expect(await send("/v1/heartbeat", padded(beatJson("hive-a"), 524_288))).toMatchObject({ status: 200 });
  expect(await send("/v1/heartbeat", padded(beatJson("hive-a"), 524_289))).toMatchObject({ status: 413 });
  expect(await send("/v1/hives", padded({ ...HIVE_JSON, id: "hive-b" }, 1_048_576))).toMatchObject({ status: 201 });
  expect(await send("/v1/hives", padded({ ...HIVE_JSON, id: "hive-c" }, 1_048_577))).toMatchObject({ status: 413 });
});

test("a list without a key that a hive answers is told without one", async () => {
  await using queen = await startTestQueen();
  const hive = await startHive({
    "/health": (_request, response) => void response.end("{}"),
    "/v1/devices": (_request, response) => void response.end(JSON.stringify(objects(5000))),
  });
  await addHive(queen, hive.port);
  const { body } = await queen.request("POST", "/v1/hives/hive-a/devices");
  expect(body).toMatchObject({ detail: expect.stringContaining("answered too much: must have at most 1024 entries") });
});

test("what a hive answers is counted before it is looked at, too", async () => {
  await using queen = await startTestQueen();
  const hive = await startHive({
    "/health": (_request, response) => void response.end("{}"),
    "/v1/devices": (_request, response) => void response.end(JSON.stringify({ cpu: null, gpus: objects(50_000) })),
  });
  await addHive(queen, hive.port);
  const answer = await queen.request("POST", "/v1/hives/hive-a/devices");
  expect(answer).toMatchObject({
    status: 502,
    body: {
      code: "INVALID_DEVICES",
      detail: expect.stringContaining("gpus must have at most 1024 entries"),
      errors: [],
    },
  });
});
