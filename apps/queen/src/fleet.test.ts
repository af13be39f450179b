import { aHive } from "@repo/hive-catalog/testing";
import { expect, test } from "vitest";
import { FakeClock } from "../test/fake-clock.ts";
import { Fleet } from "./fleet.ts";

function newFleet() {
  const clock = new FakeClock();
  const fleet = new Fleet(clock);
  const ageOf = (id: string) => {
    const sight = fleet.get(id);
    return sight && fleet.evidence(sight, "online").beatAgeMs;
  };
  const learn = (overrides: Parameters<typeof aHive>[0], readAtMs = clock.monotonicNow()) =>
    fleet.learn(aHive({ id: "a", ...overrides }), readAtMs);
  return { clock, fleet, ageOf, learn };
}

test("judges the age of a beat by the wall clock only at the first sight of a hive", () => {
  const { clock, ageOf, learn } = newFleet();
  learn({ lastHeartbeatMs: clock.now() - 5000 });
  expect(ageOf("a")).toBe(5000);
  clock.wallMs += 3_600_000;
  clock.monotonicMs += 10;
  learn({ lastHeartbeatMs: clock.now() - 3_605_000 });
  expect(ageOf("a")).toBe(5010);
});

test("counts a beat from the future as one of now", () => {
  const { clock, ageOf, learn } = newFleet();
  learn({ lastHeartbeatMs: clock.now() + 1_000_000 });
  expect(ageOf("a")).toBe(0);
});

test("counts a beat that has changed in the catalog as one that another queen took, whatever its time says", () => {
  const { clock, ageOf, learn } = newFleet();
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

test("does not take what it wrote itself, or an older copy of the record, for another queen's beat", () => {
  const { clock, fleet, ageOf, learn } = newFleet();
  const readAtMs = clock.monotonicNow();
  clock.advance(1);
  fleet.beat("a", clock.now());
  const written = clock.now();
  clock.advance(1000);
  learn({ lastHeartbeatMs: 1 }, readAtMs);
  expect(ageOf("a")).toBe(1000);
  learn({ lastHeartbeatMs: written });
  expect(ageOf("a")).toBe(1000);
});

test("has no beat of a hive that was removed and added anew elsewhere", () => {
  const { fleet, ageOf, learn } = newFleet();
  fleet.beat("a", 5);
  learn({ lastHeartbeatMs: null });
  expect(ageOf("a")).toBeUndefined();
});

test("keeps a status that it wrote after the record was read", () => {
  const { clock, fleet, learn } = newFleet();
  const sight = learn({ status: "offline" });
  const readAtMs = clock.monotonicNow();
  clock.advance(1);
  fleet.setStatus(sight, "online");
  learn({ status: "offline" }, readAtMs);
  expect(sight.status).toBe("online");
  expect(fleet.isOnline("a")).toBe(true);
  clock.advance(1);
  learn({ status: "offline" });
  expect(sight.status).toBe("offline");
});

test("drops what a probe showed when the hive has moved", () => {
  const { fleet, learn } = newFleet();
  const sight = learn({ port: 1 });
  expect(fleet.probed(sight, { host: sight.address.split(" ")[0] ?? "", port: 1 }, "answered")).toBe(true);
  learn({ port: 2 });
  expect(sight.probe).toBe("pending");
  expect(fleet.probed(sight, aHive({ port: 1 }), "failed")).toBe(false);
  expect(sight.probe).toBe("pending");
});

test("forgets the hives that a whole round did not meet, but none that came meanwhile", () => {
  const { fleet, learn } = newFleet();
  learn({ id: "removed" });
  learn({ id: "kept" });
  learn({ id: "damaged" });
  fleet.beginRound();
  learn({ id: "kept" });
  fleet.learnDamaged("damaged");
  fleet.beat("new", 1);
  expect(fleet.endRound()).toEqual(["removed"]);
  expect([...fleet.sights()].map(({ id }) => id)).toEqual(["kept", "damaged", "new"]);
});
