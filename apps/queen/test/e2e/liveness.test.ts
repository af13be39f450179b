import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { deadPort, startHive } from "../hive-server.ts";
import { startProxy } from "../proxy.ts";
import { beatJson } from "../test-queen.ts";
import { until } from "../until.ts";
import { changesOf, Fleet, STALE_AFTER_MS } from "./fleet.ts";

beforeAll(() => vi.setConfig({ testTimeout: 90_000 }));

/** Beats for these hives until the test ends. Returns what tells whether a beat is on its way. */
function beatFor(fleet: Fleet, isAlive: (id: string) => boolean, ids: readonly string[], everyMs: number) {
  const stopping = new AbortController();
  let underWay = 0;
  const beat = async (id: string) => {
    underWay += 1;
    await fleet.request("POST", "/v1/heartbeat", beatJson(id)).catch(() => undefined);
    underWay -= 1;
  };
  const run = async (id: string) => {
    while (!stopping.signal.aborted) {
      if (isAlive(id)) await beat(id);
      await delay(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = Promise.all(ids.map(run));
  onTestFinished(async () => {
    stopping.abort();
    await running;
  });
  return { isQuiet: () => underWay === 0 };
}

const offlineIn = (changes: readonly string[]) => changes.filter((change) => change.endsWith("offline"));
const conditionOf = async (fleet: Fleet) =>
  ((await fleet.request("GET", "/health")).body.liveness as { state: string }).state;
const after = (what: string, ms: number) => {
  const atMs = performance.now() + ms;
  return until(what, () => performance.now() > atMs);
};

test("a queen that was stopped for longer than her stale age, and goes on, marks no hive offline", async () => {
  await using fleet = await Fleet.create();
  const queen = await fleet.startQueen({ QUEEN_HEALTH_INTERVAL_MS: "250" });
  // One can be probed; of the others only their beats tell.
  await fleet.add("probed", (await startHive()).port);
  await fleet.add("deaf", await deadPort());
  await fleet.add("elsewhere", 8600, "10.0.1.100");
  const ids = ["probed", "deaf", "elsewhere"];
  let beats = true;
  const beating = beatFor(fleet, () => beats, ids, 100);
  for (const id of ids) await fleet.untilStatus(id, "online");
  await until("the grace of the start is over", async () => (await conditionOf(fleet)) === "watching");

  beats = false;
  // One that waited in her socket would be her first sign of life.
  await until("no beat is on its way", beating.isQuiet);
  queen.child.kill("SIGSTOP");
  await after("the queen stood still for more than a stale age", 1.5 * STALE_AFTER_MS);
  const continuedAtMs = Date.now();
  queen.child.kill("SIGCONT");
  await until("she has noticed", () => queen.logLines.some(({ msg }) => msg.startsWith("the queen stood still")));
  // Without the grace, two failed probes would now be enough.
  await until("three more probes of one have failed, and its beat is long stale", async () => {
    const { probes, beat_age_ms: ageMs } = (await fleet.request("GET", "/v1/hives/deaf/liveness")).body;
    const failed = (probes as { at_ms: number }[]).filter(({ at_ms: atMs }) => atMs > continuedAtMs);
    return failed.length >= 3 && Number(ageMs) > STALE_AFTER_MS;
  });
  beats = true;
  await until("whoever was to go offline has", async () => (await conditionOf(fleet)) === "watching");
  expect(offlineIn(changesOf(queen))).toEqual([]);
  expect((await fleet.rows()).map(({ status }) => status)).toEqual(["online", "online", "online"]);
});

test("a hive whose beats are swallowed stays online by its probes, and the reverse; without both it goes offline", async () => {
  await using fleet = await Fleet.create();
  const queen = await fleet.startQueen();
  const toQueen = await startProxy(() => Number(new URL(fleet.origin).port));
  const hive = await fleet.startHive("hive", { queen: `http://127.0.0.1:${toQueen.port}` });
  const hivePort = await hive.port();
  const toHive = await startProxy(() => hivePort);
  await fleet.add("hive", toHive.port);
  const explain = async () => (await fleet.request("GET", "/v1/hives/hive/liveness")).body;
  await until("it beats and answers", async () => {
    const { status, beat_age_ms: ageMs, probes } = await explain();
    return status === "online" && ageMs !== null && JSON.stringify(probes).includes("answered");
  });

  toQueen.swallow(true);
  await until("its last beat is long stale", async () => {
    return Number((await explain()).beat_age_ms) > 1.5 * STALE_AFTER_MS;
  });
  expect(await explain()).toMatchObject({ status: "online", rule: "answers_probes", unreachable_since_ms: null });

  toQueen.swallow(false);
  await until("it beats again", async () => (await explain()).rule === "beats_arrive");
  toHive.swallow(true);
  const sinceMs = await until("it is unreachable for longer than a stale age", async () => {
    const since = (await explain()).unreachable_since_ms;
    return typeof since === "number" && Date.now() - since > 1.5 * STALE_AFTER_MS && since;
  });
  // Kept by the monotonic clock: what the wall clock makes of it differs by a rounding.
  const stillSince = expect.closeTo(sinceMs, -1);
  expect(await explain()).toMatchObject({ status: "online", rule: "beats_arrive", unreachable_since_ms: stillSince });
  expect(changesOf(queen)).toEqual(["hive: unknown → online"]);

  toQueen.swallow(true);
  await fleet.untilStatus("hive", "offline");
  expect(await explain()).toMatchObject({ rule: "silent", takes_work: false });
  toHive.swallow(false);
  await fleet.untilStatus("hive", "online");
});
