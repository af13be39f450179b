import { expect, test } from "vitest";
import type { Daemon } from "../daemon.ts";
import { FollowedEvents } from "../followed-events.ts";
import { until } from "../until.ts";
import { Fleet, hiveIds, type Json } from "./fleet.ts";

const IDS = hiveIds(50);
const KILLED = IDS.slice(0, 30);
/** Of those that are left. */
const KILLED_THEN = IDS.slice(30, 42);
const LEFT = IDS.slice(42);
const SETTINGS = {
  QUEEN_STALE_AFTER_MS: "4000",
  QUEEN_HEALTH_INTERVAL_MS: "1000",
  // All but three must be back: with 1/3, those that a busy machine starts last would rightly be marked.
  QUEEN_MASS_FAILURE_SHARE: "1/16",
};
/** Long enough to look at everything meanwhile. */
const HOLD_MS = 6000;

const conditionOf = async (fleet: Fleet) => (await fleet.request("GET", "/health")).body.liveness as Json;
const statusesIn = async (fleet: Fleet) =>
  Object.fromEntries((await fleet.rows()).map(({ id, status }) => [id, status]));
const onlineBut = (offline: readonly string[]) =>
  Object.fromEntries(IDS.map((id) => [id, offline.includes(id) ? "offline" : "online"]));

const marksIn = (followed: FollowedEvents) =>
  followed.of("status").flatMap(({ status, hive_id }) => (status === "offline" ? [hive_id] : []));

/** What the log says of mass failures, and what the events say of them. */
const logged = (queen: Daemon) =>
  queen.logLines.filter(({ msg }) => /went missing at once|marked offline again/.test(msg)).map(({ msg }) => msg);
const told = (followed: FollowedEvents) =>
  followed.of("liveness").flatMap(({ kind, why }) => (kind === "mass_failure" || kind === "resumed" ? [why] : []));

/** All hives of a rack, while these are offline already. */
async function killAtOnce(fleet: Fleet, rack: Daemon, ids: readonly string[], offline: readonly string[] = []) {
  await rack.kill("SIGKILL");
  const held = await until("marks are held back", async () => {
    const seen = await conditionOf(fleet);
    return seen.state === "mass_failure" && seen.missing === ids.length && seen;
  });
  expect(held).toMatchObject({ online: IDS.length - offline.length, until_ms: expect.any(Number) });
  expect(await fleet.metric("queen_offline_marks_held")).toBe(1);
  expect(await fleet.metric("queen_missing_hives")).toBe(ids.length);
  expect(await statusesIn(fleet)).toEqual(onlineBut(offline));
}

async function untilNothingIsHeld(fleet: Fleet): Promise<void> {
  await until("nothing is held back", async () => (await conditionOf(fleet)).state !== "mass_failure");
  expect(await fleet.metric("queen_offline_marks_held")).toBe(0);
}

async function untilMarked(fleet: Fleet, followed: FollowedEvents, offline: readonly string[]): Promise<void> {
  await until("those that are gone are offline", () => marksIn(followed).length >= offline.length);
  expect(marksIn(followed).toSorted()).toEqual(offline);
  expect(await statusesIn(fleet)).toEqual(onlineBut(offline));
  expect(await fleet.metric('queen_hives{status="offline"}')).toBe(offline.length);
}

test("of 50 hives 30 that are killed at once, and then 12 of the others, are not marked until they return, an operator confirms, or time is up", {
  timeout: 180_000,
}, async () => {
  await using fleet = await Fleet.create();
  const first = await fleet.startQueen({ ...SETTINGS, QUEEN_MASS_FAILURE_HOLD_MS: "600000" });
  const start = (ids: readonly string[]) => fleet.startRack(ids, { beatIntervalMs: 1000 });
  const untilNoneIsMissingOf = (count: number) =>
    until("none is missing", async () => {
      const { online, missing } = await conditionOf(fleet);
      return online === count && missing === 0;
    });
  await using followed = await FollowedEvents.start(fleet.origin);
  const [rack, rackThen] = await Promise.all([start(KILLED), start(KILLED_THEN), start(LEFT)]);
  await untilNoneIsMissingOf(IDS.length);

  await killAtOnce(fleet, rack, KILLED);
  await until("one of them says why it would be offline, and is not", async () => {
    return (await fleet.request("GET", `/v1/hives/${KILLED[0]}/liveness`)).body.rule === "mass_failure";
  });
  const returned = await start(KILLED);
  await untilNothingIsHeld(fleet);
  await untilNoneIsMissingOf(IDS.length);

  await killAtOnce(fleet, returned, KILLED);
  expect(marksIn(followed)).toEqual([]);
  const confirmed = { status: 200, body: { missing: KILLED.length, online: IDS.length } };
  expect(await fleet.request("POST", "/v1/liveness/confirm")).toEqual(confirmed);
  await untilNothingIsHeld(fleet);
  await untilMarked(fleet, followed, KILLED);
  expect(logged(first)).toEqual([
    expect.stringMatching(/^\d+ of 50 online hives went missing at once/),
    expect.stringContaining("enough of the missing hives have returned"),
    expect.stringMatching(/^\d+ of 50 online hives went missing at once/),
    expect.stringContaining("an operator confirmed that the missing hives are gone"),
  ]);
  expect(told(followed)).toEqual(logged(first));

  await first.kill("SIGTERM");
  const second = await fleet.startQueen({ ...SETTINGS, QUEEN_MASS_FAILURE_HOLD_MS: String(HOLD_MS) });
  await untilNoneIsMissingOf(IDS.length - KILLED.length);
  await until("the reader is told of the restart", () => followed.of("gap").length > 0);
  await killAtOnce(fleet, rackThen, KILLED_THEN, KILLED);
  await untilNothingIsHeld(fleet);
  await untilMarked(fleet, followed, [...KILLED, ...KILLED_THEN]);
  expect(logged(second)).toEqual([
    expect.stringMatching(/^\d+ of 20 online hives went missing at once/),
    expect.stringContaining("the time for which marks are held back is over"),
  ]);
  expect(told(followed)).toEqual([...logged(first), ...logged(second)]);
});
