import { expect, test } from "vitest";
import { deadPort, startHive } from "../../test/hive-server.ts";
import { published } from "../../test/published.ts";
import { addHive, beat, HIVE_JSON, startTestQueen } from "../../test/test-queen.ts";
import { EventLog } from "./events.ts";

const publish = (events: EventLog, count: number) => {
  for (let n = 0; n < count; n++) events.publish("hive_removed", { hive_id: `hive-${n}` });
};

const newLog = (capacity?: number) => new EventLog(() => 1_761_040_800_000, { ...(capacity && { capacity }) });

const numbersAfter = (events: EventLog, n: number, limit = 100) => events.after(n, limit).events.map(({ n }) => n);

test("numbers events from 1, and no two logs alike", () => {
  const [events, other] = [newLog(), newLog()];
  expect(events.position).toBe(`${events.start}-0`);
  publish(events, 2);
  expect(events.after(1, 10)).toEqual({
    events: [{ n: 2, type: "hive_removed", hiveId: "hive-1", data: { at_ms: 1_761_040_800_000, hive_id: "hive-1" } }],
    upTo: 2,
  });
  expect(events.position).toBe(`${events.start}-2`);
  expect(events.start).not.toBe(other.start);
});

test("keeps the last events, at least so many, and at most twice as many", () => {
  const events = newLog(3);
  for (let count = 1; count <= 20; count++) {
    publish(events, 1);
    const kept = numbersAfter(events, 0);
    expect(kept).toEqual(kept.map((_, index) => count - kept.length + 1 + index));
    expect(kept.length).toBeGreaterThanOrEqual(Math.min(count, 3));
    expect(kept.length).toBeLessThan(6);
  }
});

test("of the workers of a hive the newest event alone is kept, and it takes the place of no other", () => {
  const events = newLog(3);
  publish(events, 2);
  for (let n = 0; n < 100; n++) events.publish("workers", { hive_id: `hive-${n % 2}` });
  expect(numbersAfter(events, 0)).toEqual([1, 2, 101, 102]);
  expect(events.resume(events.idOf(1))).toEqual({ after: 1, gap: undefined });
  events.publish("hive_removed", { hive_id: "hive-0" });
  expect(numbersAfter(events, 0)).toEqual([1, 2, 102, 103]);
});

test("of the steps of operations the newest of each hive is kept at least, and none takes the place of another event", () => {
  const events = newLog(3);
  publish(events, 2);
  const begin = (step: string, hive_id: string) =>
    events.publish("operation_step", { id: `install-${hive_id}`, hive_id, kind: "install", step });
  for (let n = 0; n < 3; n++) begin(`step ${n}`, "hive-0");
  expect(numbersAfter(events, 0), "as they come, each is told").toEqual([1, 2, 3, 4, 5]);
  events.publish("workers", { hive_id: "hive-0" });
  for (let n = 0; n < 100; n++) {
    begin(`step ${n}`, `hive-${n % 2}`);
    expect(numbersAfter(events, 0)).toEqual(expect.arrayContaining([1, 2, 6, events.newest]));
    expect(numbersAfter(events, 0).length).toBeLessThan(2 * (3 + 3));
  }
  expect(events.resume(events.idOf(1))).toEqual({ after: 1, gap: undefined });
});

test("hands over the first events that are wanted, and says how far it has looked", () => {
  const events = newLog();
  publish(events, 5);
  const isOdd = ({ n }: { n: number }) => n % 2 === 1;
  expect(events.after(0, 2, isOdd)).toMatchObject({ events: [{ n: 1 }, { n: 3 }], upTo: 3 });
  expect(events.after(3, 2, isOdd)).toMatchObject({ events: [{ n: 5 }], upTo: 5 });
  expect(events.after(5, 2, isOdd)).toEqual({ events: [], upTo: 5 });
});

test("looks at some thousands at a time for what is wanted", () => {
  const events = newLog();
  publish(events, 5000);
  const wantsLast = ({ n }: { n: number }) => n === 5000;
  const stretches = [];
  for (let place = 0; place < 5000; place = stretches.at(-1)?.upTo ?? 5000) {
    stretches.push(events.after(place, 10, wantsLast));
  }
  expect(stretches.map(({ events: found, upTo }) => [found.length, upTo])).toEqual([
    [0, 2000],
    [0, 4000],
    [1, 5000],
  ]);
});

test("resumes after the last event that a reader has seen, and says why others may be missing", () => {
  const events = newLog(3);
  publish(events, 6);
  expect(numbersAfter(events, 0)).toEqual([4, 5, 6]);
  expect(events.resume(events.idOf(6))).toEqual({ after: 6, gap: undefined });
  expect(events.resume(events.idOf(3))).toEqual({ after: 3, gap: undefined });
  expect(events.resume(events.idOf(2))).toEqual({ after: 3, gap: "buffer_overflowed" });
  expect(events.resume(events.idOf(7))).toEqual({ after: 3, gap: "unknown_id" });
  expect(events.resume("earlier-5")).toEqual({ after: 3, gap: "queen_restarted" });
  expect(events.resume("nonsense")).toEqual({ after: 3, gap: "unknown_id" });
});

test("wakes its readers once for what was published in one turn, and not after they left", async () => {
  const events = newLog();
  const woken: string[] = [];
  const leave = events.subscribe(() => woken.push("first"));
  events.subscribe(() => woken.push("second"));
  publish(events, 3);
  await new Promise(setImmediate);
  expect(woken).toEqual(["first", "second"]);
  leave();
  publish(events, 1);
  await new Promise(setImmediate);
  expect(woken).toEqual(["first", "second", "second"]);
});

test("the queen publishes what another program adds and removes, once she knows the fleet", async () => {
  await using queen = await startTestQueen();
  const hive = { host: "10.0.0.1", port: 8600 };
  await queen.catalog.addHive({ id: "there-before", ...hive });
  await queen.watch.runRound();
  expect(published(queen)).toEqual([]);

  for (const id of ["a", "b", "c"]) await queen.catalog.addHive({ id, ...hive });
  await beat(queen, "b");
  await queen.watch.runRound();
  await queen.watch.runRound();
  for (const id of ["a", "b"]) await queen.catalog.removeHive(id);
  await beat(queen, "b");
  await queen.watch.runRound();
  await beat(queen, "never-there");
  const told = published(queen).filter(([type]) => type.startsWith("hive_"));
  expect(told.map(([type, { hive_id }]) => `${type} ${hive_id}`)).toEqual([
    "hive_added b",
    "hive_added a",
    "hive_added c",
    "hive_removed b",
    "hive_removed a",
  ]);
  expect(told[0]?.[1]).toEqual({ at_ms: queen.clock.now(), hive_id: "b", ...hive, status: "unknown" });
});

test("the queen publishes that a hive was changed over the API, and that another program gave it an address", async () => {
  await using queen = await startTestQueen();
  const [port, second, third, fourth] = await Promise.all([deadPort(), deadPort(), deadPort(), deadPort()]);
  await addHive(queen, port);
  await queen.watch.runRound();
  const path = `/v1/hives/${HIVE_JSON.id}`;
  await queen.request("PATCH", path, { port: second, labels: { env: "prod", rack: "r1" } });
  await queen.request("PUT", path, { host: "127.0.0.1", port: third });
  await queen.request("PUT", `${path}/devices`, { cpu: null, gpus: [] });
  await queen.request("PATCH", path, { port: 0 });
  await queen.request("PATCH", path, {});
  await queen.watch.runRound();
  const told = (changed: string, more = {}) => [
    "hive_changed",
    { at_ms: queen.clock.now(), hive_id: "hive-a", changed, ...more },
  ];
  expect(published(queen).slice(1)).toEqual([
    told("address, labels", { labels: { env: "prod", rack: "r1" } }),
    told("address, labels", { labels: {} }),
    told("devices"),
  ]);

  await queen.catalog.patchHive(HIVE_JSON.id, { port: fourth });
  await queen.watch.runRound();
  expect(published(queen).slice(4)).toEqual([told("address")]);
});

test("the queen publishes that devices were detected", async () => {
  await using queen = await startTestQueen();
  const hive = await startHive();
  await addHive(queen, hive.port);
  await queen.request("POST", `/v1/hives/${HIVE_JSON.id}/devices`);
  const changed = "8 cores and 32 GB of RAM, 1 × RTX 3060";
  expect(published(queen).slice(1)).toEqual([
    ["hive_changed", { at_ms: queen.clock.now(), hive_id: "hive-a", changed }],
  ]);
});

test("the queen publishes what is added, what changes its status, and what is removed", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  await beat(queen);
  await queen.request("PATCH", `/v1/hives/${HIVE_JSON.id}`, { status: "offline" });
  await queen.request("DELETE", `/v1/hives/${HIVE_JSON.id}`);
  const at_ms = queen.clock.now();
  expect(published(queen)).toEqual([
    ["hive_added", { at_ms, hive_id: "hive-a", host: "127.0.0.1", port: 8600, status: "unknown" }],
    ["status", { at_ms, hive_id: "hive-a", was: "unknown", status: "online", why: "its heartbeats arrive" }],
    ["status", { at_ms, hive_id: "hive-a", was: "online", status: "offline", why: "it was set over the API" }],
    ["hive_removed", { at_ms, hive_id: "hive-a" }],
  ]);
});
