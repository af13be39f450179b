import { aHive, openTestCatalog } from "@repo/hive-catalog/testing";
import { anyCharacter, anyJson, mutated } from "@repo/test-support/fuzz";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { READING_EXAMPLE } from "../../src/http/routes/reading-json.ts";
import { DEVICES_JSON } from "../hive-server.ts";
import { beatJson, HIVE_JSON, startTestQueen, type TestQueen, workerJson } from "../test-queen.ts";

const RUNS = 150;
const SEED = 1;
/** The hive that requests add, and that is not there before. */
const ADDED = "hive-c";
/** Its hives stand on this machine, and nobody answers for them: 502, or 403 for a host that the queen may not contact. */
const DETECTION = "POST /v1/hives/:id/devices";

const id = fc.oneof(fc.constantFrom("hive-a", "hive-b"), fc.string({ unit: anyCharacter }), fc.string());
const WHOLE = {
  ...HIVE_JSON,
  ssh_host: "h",
  ssh_port: 22,
  ssh_user: "admin",
  status: "online",
  last_heartbeat_ms: 5,
  devices: DEVICES_JSON,
  created_at_ms: 1,
  updated_at_ms: 2,
};
const json = (sound: unknown) =>
  fc
    .oneof({ weight: 4, arbitrary: mutated(sound) }, { weight: 1, arbitrary: anyJson })
    .map((value) => JSON.stringify(value));
/** Text that need not be JSON at all. */
const body = (sound: unknown) =>
  fc.oneof({ weight: 5, arbitrary: json(sound) }, { weight: 1, arbitrary: fc.string({ unit: anyCharacter }) });
const nothing = fc.constant(undefined);
const text = fc.oneof(
  fc.string({ unit: anyCharacter }),
  fc.constantFrom("", "5", "0", "-1", "1e9", "online", "hive-a"),
);
const query = (...names: string[]) =>
  fc.dictionary(
    fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: fc.string() }),
    text,
    { maxKeys: 3 },
  );
const noQuery = fc.constant({});

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
const ROUTES: [
  method: Method,
  path: string,
  payload: fc.Arbitrary<string | undefined>,
  query: fc.Arbitrary<Record<string, string>>,
][] = [
  ["GET", "/health", nothing, query("x")],
  ["POST", "/v1/heartbeat", body(beatJson("hive-a", [workerJson()])), noQuery],
  ["POST", "/v1/heartbeat", body({ ...beatJson("hive-a", [workerJson({ slots: 2 })]), ...READING_EXAMPLE }), noQuery],
  ["GET", "/v1/hives", nothing, query("status", "after", "limit")],
  ["POST", "/v1/hives", fc.oneof(body({ ...WHOLE, id: ADDED }), body({ ...HIVE_JSON, id: ADDED })), noQuery],
  ["GET", "/v1/hives/:id", nothing, noQuery],
  ["PUT", "/v1/hives/:id", body(WHOLE), noQuery],
  ["PATCH", "/v1/hives/:id", body({ port: 7, ssh_host: "h", devices: DEVICES_JSON, status: "offline" }), noQuery],
  ["DELETE", "/v1/hives/:id", nothing, noQuery],
  ["PUT", "/v1/hives/:id/devices", body(DEVICES_JSON), noQuery],
  ["POST", "/v1/hives/:id/devices", body({}), noQuery],
  ["GET", "/v1/hives/:id/state", nothing, noQuery],
  ["GET", "/v1/counts", nothing, query("x")],
  ["GET", "/v1/workers", nothing, query("model", "state", "backend")],
  ["GET", "/v1/workers/best", nothing, query("model", "backend", "min_free_vram_gb", "cold")],
  ["POST", "/v1/workers/claims", body({ model: "llama-3-8b", hold_ms: 5000, min_free_vram_gb: 1 }), noQuery],
  ["DELETE", "/v1/workers/claims/:id", nothing, noQuery],
  ["GET", "/v1/models", nothing, query("x")],
];

/** Every stored hive is read back whole, over HTTP and from the catalog, and none is damaged. */
async function expectSoundHives(queen: TestQueen): Promise<void> {
  const { status, body: list } = await queen.request("GET", "/v1/hives?limit=1000");
  const { hives, damaged } = list as { hives: { id: string }[]; damaged: unknown[] };
  expect({ status, damaged }).toEqual({ status: 200, damaged: [] });
  expect(hives).toHaveLength(await queen.catalog.countHives());
  for (const hive of hives) {
    expect(await queen.request("GET", `/v1/hives/${hive.id}`)).toMatchObject({ status: 200, body: hive });
  }
}

test.each(ROUTES)(
  "%s %s answers whatever it is sent, never with a 500, and stores nothing that cannot be read back",
  async (method, path, payloads, queries) => {
    const catalog = await openTestCatalog({ onCorruptHive: () => undefined });
    await using queen = await startTestQueen({ catalog });
    const prepare = async () => {
      if (await catalog.hiveExists(ADDED)) await catalog.removeHive(ADDED);
      for (const one of ["hive-a", "hive-b"]) {
        // Port 1 of this machine, where nobody listens.
        if (!(await catalog.hiveExists(one))) await catalog.addHive(aHive({ id: one, host: "127.0.0.1", port: 1 }));
      }
    };
    await prepare();
    const property = fc.asyncProperty(id, payloads, queries, async (hiveId, payload, fields) => {
      const url = path.replace(":id", encodeURIComponent(Buffer.from(hiveId).toString()));
      const search = new URLSearchParams(fields).toString();
      const answer = await queen.app.inject({
        method,
        url: search === "" ? url : `${url}?${search}`,
        ...(payload !== undefined && { payload, headers: { "content-type": "application/json" } }),
      });
      const allowed = `${method} ${path}` === DETECTION ? [200, 403, 404, 502] : [200, 201, 204, 400, 404, 409, 413];
      expect([...allowed, 400, 414], answer.payload).toContain(answer.statusCode);
      if (answer.statusCode >= 400) {
        expect(answer.headers["content-type"]).toContain("application/problem+json");
        expect(JSON.parse(answer.payload)).toMatchObject({ status: answer.statusCode, code: expect.any(String) });
      }
      // What a request stores that only reads, or is refused, stays, and is met by the next look, or by the last.
      if (method === "GET" || answer.statusCode >= 400) return;
      await expectSoundHives(queen);
      await prepare();
    });
    await fc.assert(property, { numRuns: RUNS, seed: SEED });
    await expectSoundHives(queen);
  },
);
