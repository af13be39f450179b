import { describe, expect, test } from "vitest";
import { newRegistry } from "../../../test/a-registry.ts";
import { aWorker } from "../../../test/a-worker.ts";
import { Metrics } from "../../telling/metrics.ts";
import { Assignments } from "./assignments.ts";

const HOLD_MS = 30_000;
const QUERY = { model: "llama-3-8b" };

function newAssignments() {
  const parts = newRegistry();
  const assignments = new Assignments({ ...parts, metrics: new Metrics() });
  const handOut = () => {
    const found = assignments.best(QUERY);
    return found && "worker" in found ? found.worker.workerId : undefined;
  };
  const beat = (...args: Parameters<typeof parts.beat>) => {
    for (const claim of parts.beat(...args)) assignments.end(claim);
  };
  const claim = () => {
    const made = assignments.claim(QUERY, HOLD_MS, "me");
    return made === "full" ? expect.unreachable("there is room for more claims") : made;
  };
  return { ...parts, assignments, handOut, beat, claim };
}

describe("a claim", () => {
  test("keeps a worker from everybody else, until it is given back", () => {
    const { beat, claim, assignments, handOut } = newAssignments();
    beat("hive", [aWorker({ workerId: "a" }), aWorker({ workerId: "b", gpuPercent: 90 })]);
    const first = claim();
    expect(first?.placed.worker.workerId).toBe("a");
    expect([handOut(), handOut()]).toEqual(["b", "b"]);
    if (first) assignments.end(first.claim);
    expect(handOut()).toBe("a");
    expect(assignments.claimCount).toBe(0);
  });

  test("takes one slot of a worker that has several", () => {
    const { beat, claim, handOut } = newAssignments();
    beat("hive", [aWorker({ slots: 4, running: 1 })], 0);
    expect([claim(), claim()]).not.toContain(undefined);
    expect([handOut(), handOut()]).toEqual(["worker-1", undefined]);
    expect(claim()).toBeUndefined();
  });

  test("is none on a worker that does not say its slots and was given work since it was read", () => {
    const { beat, claim, handOut } = newAssignments();
    beat("hive", [aWorker()]);
    expect(handOut()).toBe("worker-1");
    expect(claim()).toBeUndefined();
    beat("hive", [aWorker()]);
    expect(claim()).toBeDefined();
  });

  test("is on all of a worker that says its slots, and not how many of them are taken", () => {
    const { beat, claim, handOut } = newAssignments();
    beat("hive", [aWorker({ slots: 8 })]);
    expect([claim()?.placed.worker.workerId, claim(), handOut()]).toEqual(["worker-1", undefined, undefined]);
  });

  test("ends by itself, each in its time", () => {
    const { beat, assignments, clock, handOut } = newAssignments();
    const one = [aWorker({ slots: 3, running: 0 })];
    beat("hive", one, 0);
    for (const holdMs of [5000, 1000, 9000]) assignments.claim(QUERY, holdMs, "me");
    const left = [999, 1, 3999, 1, 3999, 1].map((ms) => {
      clock.advance(ms);
      return assignments.claimCount;
    });
    expect(left).toEqual([3, 2, 2, 1, 1, 0]);
    expect([handOut(), handOut(), handOut(), handOut()]).toEqual(["worker-1", "worker-1", "worker-1", undefined]);
  });

  test.each(["handOut", "claim"] as const)(
    "that is over keeps its worker from no %s, whoever looked meanwhile",
    (ask) => {
      const { beat, clock, ...assigned } = newAssignments();
      beat("hive", [aWorker()]);
      assigned.claim();
      clock.advance(HOLD_MS - 1);
      expect(assigned[ask]()).toBeUndefined();
      clock.advance(1);
      expect(assigned[ask]()).toBeDefined();
    },
  );

  test("ends when what was read after it shows its worker busy, and not before", () => {
    const { beat, claim, assignments, clock, handOut } = newAssignments();
    const worker = (state: "Idle" | "Busy") => [aWorker({ state })];
    beat("hive", worker("Idle"), 0);
    claim();
    clock.advance(5000);
    beat("hive", worker("Busy"), 5000);
    expect(assignments.claimCount).toBe(1);
    beat("hive", worker("Idle"), 1000);
    expect(handOut()).toBeUndefined();
    beat("hive", worker("Busy"), 1000);
    expect(assignments.claimCount).toBe(0);
    beat("hive", worker("Idle"), 0);
    expect(handOut()).toBe("worker-1");
  });

  test("is kept while its worker is away, and while its hive is removed ends by itself", () => {
    const { beat, claim, assignments, clock, handOut, registry } = newAssignments();
    beat("hive", [aWorker()]);
    claim();
    beat("hive", []);
    beat("hive", [aWorker()]);
    expect(handOut()).toBeUndefined();
    registry.remove("hive");
    expect(assignments.claimCount).toBe(1);
    clock.advance(HOLD_MS);
    expect(assignments.claimCount).toBe(0);
  });

  test("is bounded for each holder and in all, and leaves nothing behind", () => {
    const { beat, assignments, clock } = newAssignments();
    beat("hive", [aWorker({ slots: 100_000, running: 0 })]);
    const take = (holder: string) => {
      for (let count = 0; ; count++) if (assignments.claim(QUERY, HOLD_MS, holder) === "full") return count;
    };
    const found = Array.from({ length: 300 }, () =>
      assignments.claim({ model: "served by nobody" }, HOLD_MS, "greedy"),
    );
    expect(new Set(found)).toEqual(new Set([undefined]));
    expect(take("greedy")).toBe(256);
    expect(take("other")).toBe(256);
    for (let n = 0; n < 20; n++) take(`one of many ${n}`);
    expect(assignments.claimCount).toBe(4096);
    expect(take("late")).toBe(0);
    clock.advance(HOLD_MS);
    expect([assignments.claimCount, take("greedy")]).toEqual([0, 256]);
  });
});
