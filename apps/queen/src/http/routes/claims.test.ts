import { expect, test } from "vitest";
import { beatJson, HIVE_JSON, startTestQueen, type TestQueen, workerJson } from "../../../test/test-queen.ts";
import { addToken } from "../../../test/tokens.ts";

const CLAIMS = "/v1/workers/claims";
const NEW_CLAIM = { model: "llama-3-8b", hold_ms: 30_000 };

async function startQueenWithWorker(worker: Record<string, unknown> = {}): Promise<TestQueen> {
  const queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  await queen.request("POST", "/v1/heartbeat", beatJson("hive-a", [workerJson(worker)]));
  return queen;
}

const idOf = ({ body }: { body: unknown }) => (body as { claim_id: string }).claim_id;

test("promises a worker until the claim is given back, and gives it to nobody else meanwhile", async () => {
  await using queen = await startQueenWithWorker();
  const best = async () => (await queen.request("GET", "/v1/workers/best?model=llama-3-8b")).status;
  const claim = await queen.request("POST", CLAIMS, NEW_CLAIM);
  expect(claim).toMatchObject({
    status: 201,
    body: {
      claim_id: expect.any(String),
      until_ms: queen.clock.now() + 30_000,
      worker: { hive_id: "hive-a", worker_id: "worker-1", url: "http://localhost:9300" },
    },
  });
  expect(await best()).toBe(404);
  expect(await queen.request("POST", CLAIMS, NEW_CLAIM)).toMatchObject({ status: 404, body: { code: "NO_WORKER" } });
  expect(await queen.request("DELETE", `${CLAIMS}/${idOf(claim)}`)).toMatchObject({ status: 204, body: undefined });
  expect(await best()).toBe(200);
  expect(await queen.request("DELETE", `${CLAIMS}/${idOf(claim)}`)).toMatchObject({
    status: 404,
    body: { code: "CLAIM_NOT_FOUND" },
  });
});

test("a claim ends by itself, and with the first beat that was read after it and shows its worker busy", async () => {
  await using queen = await startQueenWithWorker({ slots: 1, running: 0 });
  const claim = async () => (await queen.request("POST", CLAIMS, NEW_CLAIM)).status;
  const beat = (worker: Record<string, unknown>) =>
    queen.request("POST", "/v1/heartbeat", beatJson("hive-a", [workerJson({ slots: 1, ...worker })]));
  expect([await claim(), await claim()]).toEqual([201, 404]);
  queen.clock.advance(30_000);
  expect([await claim(), await claim()]).toEqual([201, 404]);
  await beat({ state: "Busy", running: 1 });
  expect(queen.fleet.assignments.claimCount).toBe(0);
  await beat({ state: "Idle", running: 0 });
  expect(await claim()).toBe(201);
});

test.each([
  ["30s", 30_000],
  ["1m30s", 90_000],
  ["PT10M", 600_000],
])("a claim is held for a duration: %s", async (hold, holdMs) => {
  await using queen = await startQueenWithWorker();
  expect(await queen.request("POST", CLAIMS, { model: "llama-3-8b", hold })).toMatchObject({
    status: 201,
    body: { until_ms: queen.clock.now() + holdMs },
  });
});

test("a claim is on the backend, and where the free memory is, that are asked for", async () => {
  const GB = 2 ** 30;
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  const gpus = [{ index: 0, memory_total_bytes: 24 * GB, memory_used_bytes: 4 * GB }];
  await queen.request("POST", "/v1/heartbeat", { ...beatJson("hive-a", [workerJson({ backend: "cuda" })]), gpus });
  const claim = async (asked: object) => (await queen.request("POST", CLAIMS, { ...NEW_CLAIM, ...asked })).status;
  expect(await claim({ backend: "rocm" })).toBe(404);
  expect(await claim({ min_free_vram_gb: 20.5 })).toBe(404);
  expect(await claim({ backend: "cuda", min_free_vram_gb: 20 })).toBe(201);
});

test.each([
  ["no model", { hold_ms: 30_000 }, "model"],
  ["no time", { model: "a" }, "hold_ms"],
  ["too short a time", { model: "a", hold_ms: 999 }, "hold_ms"],
  ["too long a time", { model: "a", hold_ms: 600_001 }, "hold_ms"],
  ["no duration", { model: "a", hold: "soon" }, "hold"],
  ["too short a duration", { model: "a", hold: "0s" }, "hold"],
  ["too long a duration", { model: "a", hold: "11m" }, "hold"],
  ["two times", { ...NEW_CLAIM, hold: "30s" }, "hold"],
  ["less than no VRAM", { ...NEW_CLAIM, min_free_vram_gb: -1 }, "min_free_vram_gb"],
  ["an unknown field", { ...NEW_CLAIM, colour: "red" }, "colour"],
])("a claim with %s is refused", async (_what, json, field) => {
  await using queen = await startQueenWithWorker();
  expect(await queen.request("POST", CLAIMS, json)).toMatchObject({ status: 400, body: { errors: [{ field }] } });
});

test("a duration that is out of bounds is told as it was sent", async () => {
  await using queen = await startQueenWithWorker();
  expect(await queen.request("POST", CLAIMS, { model: "a", hold: "1h" })).toMatchObject({
    body: { errors: [{ field: "hold", message: 'must be a duration from 1s to 10m, got "1h"' }] },
  });
});

test("a claim is given back with the token that made it, or an operator's, and with no other", async () => {
  await using queen = await startQueenWithWorker({ slots: 10, running: 0 });
  const operator = await addToken(queen.catalog, "operator");
  const [mine, other] = [await addToken(queen.catalog, "reader"), await addToken(queen.catalog, "reader")];
  await queen.door.known.refresh();
  const send = ({ authorization }: { authorization: string }, method: "POST" | "DELETE", url: string) => {
    const headers = { authorization, ...(method === "POST" && { "content-type": "application/json" }) };
    return queen.send({ method, url, headers, ...(method === "POST" && { payload: NEW_CLAIM }) });
  };
  const [first, second] = [await send(mine, "POST", CLAIMS), await send(mine, "POST", CLAIMS)];
  const giveBack = async (token: { authorization: string }, claim: { body: unknown }) =>
    (await send(token, "DELETE", `${CLAIMS}/${idOf(claim)}`)).status;
  expect(await giveBack(other, first)).toBe(404);
  expect(await giveBack(mine, first)).toBe(204);
  expect(await giveBack(operator, second)).toBe(204);
});

test("a caller gets no more claims than its share, and is told to wait", async () => {
  await using queen = await startQueenWithWorker({ slots: 1000, running: 0 });
  for (let n = 0; n < 256; n++) await queen.request("POST", CLAIMS, NEW_CLAIM);
  expect(await queen.request("POST", CLAIMS, NEW_CLAIM)).toMatchObject({
    status: 429,
    body: { code: "TOO_MANY_REQUESTS", detail: expect.stringContaining("claims") },
    headers: { "retry-after": "1" },
  });
  queen.clock.advance(30_000);
  expect(await queen.request("POST", CLAIMS, NEW_CLAIM)).toMatchObject({ status: 201 });
});
