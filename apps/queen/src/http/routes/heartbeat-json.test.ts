import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { beatJson, workerJson } from "../../../test/test-queen.ts";
import { HeartbeatJson, readHeartbeat, usualHeartbeat } from "./heartbeat-json.ts";

describe("a heartbeat checked by hand", () => {
  const numbers = [-1, -0, 0.5, 2 ** 53, 1e308, Number.POSITIVE_INFINITY];
  const texts = [
    "",
    "iDLE",
    "-x",
    "worker-2",
    "2025-10-21t10:00:00.5+02:00",
    "2025-02-30T10:00:00Z",
    "2025-10-21",
    "2025-10-21T10:00+0000",
  ];
  const lengths = [128, 129, 256, 257, 2048, 2049].map((length) => "x".repeat(length));
  const odd = fc.oneof(fc.constantFrom<unknown>(...numbers, ...texts, ...lengths, null, [], {}), fc.jsonValue());
  const place = fc.constantFrom(...Object.keys(beatJson("gpu-01")), ...Object.keys(workerJson()), "more");

  test("is what zod makes of it, or is left to zod", () => {
    fc.assert(
      fc.property(place, odd, (field, value) => {
        const worker = { ...workerJson(), [field]: value };
        const json = { ...beatJson("gpu-01", [workerJson({ worker_id: "worker-2" }), worker]), [field]: value };
        const byHand = usualHeartbeat(json);
        if (byHand !== undefined) expect(byHand).toEqual(HeartbeatJson.parse(json));
      }),
      { numRuns: 3000 },
    );
  });

  test("needs no zod when it is sound", () => {
    const sound = {
      hive_id: "gpu-01",
      timestamp: "2025-10-21T10:00:00Z",
      workers: [workerJson(), { ...workerJson({ worker_id: "worker-2", url: null }), more: 1 }],
    };
    expect(usualHeartbeat(sound)).toEqual(HeartbeatJson.parse(sound));
    expect(usualHeartbeat({ ...sound, workers: [workerJson(), workerJson()] })).toBeUndefined();
  });

  test("is left to zod when its times are odd, which takes them all the same and hands them on as usual ones", () => {
    const odd = {
      ...beatJson("gpu-01", [workerJson({ last_heartbeat: "2025-10-21T12:00+0200" })]),
      timestamp: "2025-10-21T09:59:60Z",
    };
    expect(usualHeartbeat(odd)).toBeUndefined();
    expect(readHeartbeat(odd)).toMatchObject({
      timestampMs: Date.parse("2025-10-21T10:00:00Z"),
      workers: [{ lastHeartbeat: "2025-10-21T10:00:00.000Z" }],
    });
  });
});
