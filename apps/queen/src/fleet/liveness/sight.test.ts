import type { HiveStatus } from "@repo/hive-catalog";
import { expect, test } from "vitest";
import { FakeClock } from "../../../test/fake-clock.ts";
import { LIVENESS_SETTINGS } from "../../../test/test-queen.ts";
import { isLost } from "./judge.ts";
import { Liveness } from "./liveness.ts";
import { heard, Sights } from "./sight.ts";

function newLiveness() {
  const clock = new FakeClock();
  const liveness = new Liveness(LIVENESS_SETTINGS, clock.monotonicNow());
  const ageOf = (id: string) => {
    const beatAtMs = liveness.sights.get(id)?.beatAtMs;
    return beatAtMs === undefined ? undefined : clock.monotonicNow() - beatAtMs;
  };
  const recordOf = (
    fields: Partial<{ id: string; port: number; status: HiveStatus; lastHeartbeatMs: number | null }>,
  ) => ({
    id: "a",
    host: "127.0.0.1",
    port: 8600,
    status: "online" as const,
    lastHeartbeatMs: null,
    ...fields,
  });
  const learn = (fields: Parameters<typeof recordOf>[0], readAtMs = clock.monotonicNow()) =>
    liveness.learn(recordOf(fields), readAtMs, clock.monotonicNow(), clock.now());
  const beat = (id: string, heartbeatMs: number) =>
    liveness.beat(liveness.sights.see(id), heartbeatMs, clock.monotonicNow(), 0);
  const probe = (port: number, outcome: "answered" | "failed", startedAtMs = clock.monotonicNow()) => {
    const result = { outcome, startedAtMs, endedAtMs: clock.monotonicNow(), problem: undefined };
    return liveness.probed(liveness.sights.see("a"), { host: "127.0.0.1", port }, result);
  };
  const setByOperator = (status: HiveStatus) =>
    liveness.setByOperator(recordOf({ status }), clock.monotonicNow(), clock.now());
  const judge = () => {
    const sight = liveness.sights.see("a");
    return liveness.judge(sight, sight.status ?? "unknown", clock.monotonicNow());
  };
  return { clock, liveness, ageOf, learn, beat, probe, setByOperator, judge };
}

test("judges the age of a beat by the wall clock only at the first sight of a hive", () => {
  const { clock, ageOf, learn } = newLiveness();
  learn({ lastHeartbeatMs: clock.now() - 5000 });
  expect(ageOf("a")).toBe(5000);
  clock.wallMs += 3_600_000;
  clock.monotonicMs += 10;
  learn({ lastHeartbeatMs: clock.now() - 3_605_000 });
  expect(ageOf("a")).toBe(5010);
});

test("counts a beat from the future as one of now", () => {
  const { clock, ageOf, learn } = newLiveness();
  learn({ lastHeartbeatMs: clock.now() + 1_000_000 });
  expect(ageOf("a")).toBe(0);
});

test("counts a beat that has changed in the catalog as one that another queen took, whatever its time says", () => {
  const { clock, ageOf, learn } = newLiveness();
  learn({ lastHeartbeatMs: 1000 });
  for (const lastHeartbeatMs of [1001, 500]) {
    clock.advance(70_000);
    learn({ lastHeartbeatMs });
    expect(ageOf("a")).toBe(0);
    clock.advance(5);
    learn({ lastHeartbeatMs });
    expect(ageOf("a")).toBe(5);
  }
});

test("takes a hive whose beats another queen takes for lost so much later as its record is read apart", () => {
  const sight = new Sights().see("a");
  heard(sight, 1000, 300);
  Object.assign(sight, { probe: "failed", failedFromMs: 1001, failedAtMs: 1500 });
  const view = { graceFromMs: 0, staleAfterMs: 600, probeGapMs: 100, corroborate: true };
  expect([1600, 1899, 1900].map((nowMs) => isLost(sight, { ...view, nowMs }))).toEqual([false, false, true]);
});

test("does not take what it wrote itself, or an older copy of the record, for another queen's beat", () => {
  const { clock, beat, ageOf, learn } = newLiveness();
  const readAtMs = clock.monotonicNow();
  clock.advance(1);
  beat("a", clock.now());
  const written = clock.now();
  clock.advance(1000);
  learn({ lastHeartbeatMs: 1 }, readAtMs);
  expect(ageOf("a")).toBe(1000);
  learn({ lastHeartbeatMs: written });
  expect(ageOf("a")).toBe(1000);
});

test("has no beat of a hive that was removed and added anew elsewhere", () => {
  const { beat, ageOf, learn } = newLiveness();
  beat("a", 5);
  learn({ lastHeartbeatMs: null });
  expect(ageOf("a")).toBeUndefined();
});

test("keeps a status that was written after the record was read", () => {
  const { clock, liveness, learn, beat } = newLiveness();
  const sight = learn({ status: "offline" });
  const readAtMs = clock.monotonicNow();
  clock.advance(1);
  beat("a", 1);
  liveness.changed(sight, "offline", liveness.judge(sight, "offline", clock.monotonicNow()), clock.monotonicNow());
  learn({ status: "offline" }, readAtMs);
  expect(sight.status).toBe("online");
  expect(liveness.takesWorkFromMs("a")).toBeLessThanOrEqual(clock.monotonicNow());
  clock.advance(1);
  learn({ status: "offline" });
  expect(sight.status).toBe("offline");
});

test("drops what probes showed when the hive has moved", () => {
  const { clock, learn, probe } = newLiveness();
  const sight = learn({ port: 1 });
  clock.advance(1);
  expect(probe(1, "failed")).toBe(true);
  expect(sight).toMatchObject({ probe: "failed", unreachableSinceMs: clock.monotonicNow() });
  learn({ port: 2 });
  expect(sight).toMatchObject({ probe: "pending", probes: [], unreachableSinceMs: undefined });
  expect(probe(1, "failed")).toBe(false);
  expect(sight.probe).toBe("pending");
});

test("tells since when a hive cannot be reached, through beats, until a probe is answered", () => {
  const { clock, learn, probe, beat } = newLiveness();
  const sight = learn({});
  const sinceMs = clock.monotonicNow();
  for (let round = 0; round < 3; round += 1) {
    probe(8600, "failed");
    clock.advance(15_000);
    beat("a", clock.now());
  }
  expect(sight.unreachableSinceMs).toBe(sinceMs);
  probe(8600, "answered");
  expect(sight.unreachableSinceMs).toBeUndefined();
});

test("a probe that began before the last beat and failed after it is no witness of the silence", () => {
  const { clock, learn, probe, beat } = newLiveness();
  const sight = learn({});
  const startedAtMs = clock.monotonicNow();
  clock.advance(4000);
  beat("a", 1);
  clock.advance(1000);
  probe(8600, "failed", startedAtMs);
  expect(sight.failedFromMs).toBe(Number.NEGATIVE_INFINITY);
  probe(8600, "failed");
  expect(sight.failedFromMs).toBe(clock.monotonicNow());
});

test("knows which hives a whole round did not meet, and counts none that came meanwhile among them", () => {
  const { liveness, learn, beat } = newLiveness();
  learn({ id: "removed" });
  learn({ id: "kept" });
  learn({ id: "damaged" });
  liveness.sights.beginRound();
  learn({ id: "kept" });
  liveness.learnDamaged("damaged");
  beat("new", 1);
  expect(liveness.sights.endRound()).toEqual(["removed"]);
});

test.each<[sign: string, HiveStatus, (hive: ReturnType<typeof newLiveness>) => void, HiveStatus]>([
  ["nothing new", "offline", () => undefined, "offline"],
  ["a failed probe", "offline", ({ probe }) => void probe(8600, "failed"), "offline"],
  ["a beat", "offline", ({ beat }) => void beat("a", 2), "online"],
  ["an answered probe", "offline", ({ probe }) => void probe(8600, "answered"), "online"],
  ["a failed probe of a hive that is set", "online", ({ probe }) => void probe(8600, "failed"), "online"],
])("a status that an operator sets holds until the hive's own sign: %s", (_sign, status, act, expected) => {
  const hive = newLiveness();
  hive.learn({ status: status === "online" ? "offline" : "online" });
  hive.beat("a", 1);
  hive.probe(8600, status === "online" ? "failed" : "answered");
  hive.setByOperator(status);
  act(hive);
  expect(hive.judge().status).toBe(expected);
});

test("a dead hive that an operator sets online goes offline when it was silent for a stale age from then on", () => {
  const { clock, liveness, learn, probe, setByOperator } = newLiveness();
  learn({ status: "offline" });
  const pass = (durationMs: number) => {
    for (let leftMs = durationMs; leftMs > 0; leftMs -= 7500) {
      clock.advance(7500);
      probe(8600, "failed");
      if (liveness.tick(clock.monotonicNow(), clock.uptimeNow()).lost.length > 0) return durationMs - leftMs + 7500;
    }
    return undefined;
  };
  expect(pass(300_000)).toBeUndefined();
  setByOperator("online");
  expect(pass(300_000)).toBe(60_000);
});

test("a record that is damaged is never marked", () => {
  const { clock, liveness, learn, probe } = newLiveness();
  learn({ lastHeartbeatMs: 1 });
  liveness.learnDamaged("a");
  for (let ticks = 0; ticks < 40; ticks += 1) {
    clock.advance(7500);
    probe(8600, "failed");
    expect(liveness.tick(clock.monotonicNow(), clock.uptimeNow()).lost).toEqual([]);
  }
});

test("says why: the rule, and the ages", () => {
  const { clock, learn, probe, judge, liveness } = newLiveness();
  learn({ lastHeartbeatMs: clock.now() });
  expect(judge()).toEqual({ status: "online", rule: "beats_arrive", why: "its heartbeats arrive" });
  clock.advance(61_234.4);
  expect(judge()).toMatchObject({ status: "online", rule: "not_probed_yet" });
  probe(8600, "failed");
  expect(judge()).toMatchObject({ status: "online", rule: "grace" });
  clock.advance(15_000);
  liveness.tick(clock.monotonicNow(), clock.uptimeNow());
  for (let ticks = 0; ticks < 4; ticks += 1) {
    probe(8600, "failed");
    expect(judge().status).toBe("online");
    clock.advance(15_000);
  }
  expect(judge()).toEqual({
    status: "offline",
    rule: "silent",
    why: "no heartbeat came for 136.2 s and its last health checks failed",
  });
});
