import { expect, test } from "vitest";
import { FollowedEvents } from "../followed-events.ts";
import { until } from "../until.ts";
import { BeatJournal } from "./beat-journal.ts";
import { Fleet, hiveIds } from "./fleet.ts";

const IDS = hiveIds(50);
const KILLED = IDS.slice(10, 15);
const OTHERS = IDS.filter((id) => !KILLED.includes(id));
const CORDONED = IDS[20] ?? "";
/** One process is 45 hives: if it got no turn for this long, all of them would rightly be missing. */
const STALE_AFTER_MS = 8000;
const BEAT_INTERVAL_MS = 1000;
const SETTINGS = { QUEEN_STALE_AFTER_MS: String(STALE_AFTER_MS), QUEEN_HEALTH_INTERVAL_MS: "1000" };

const idsOf = async (fleet: Fleet, status: string) => {
  const { body } = await fleet.request("GET", `/v1/hives?status=${status}`);
  return (body.hives as { id: string }[]).map(({ id }) => id);
};

test("50 hives, a queen killed under their load, 5 hives killed, 1 cordoned: list, metrics and events agree, and no beat is lost", {
  timeout: 180_000,
}, async () => {
  await using fleet = await Fleet.create();
  await using journal = await BeatJournal.start();
  const first = await fleet.startQueen(SETTINGS);
  journal.queen = fleet.origin;
  await using followed = await FollowedEvents.start(fleet.origin);
  const options = { queen: journal.origin, beatIntervalMs: BEAT_INTERVAL_MS };
  const [killed] = await Promise.all([fleet.startRack(KILLED, options), fleet.startRack(OTHERS, options)]);
  await until(
    "all are online",
    () => followed.of("status").filter(({ was }) => was === "unknown").length === IDS.length,
  );
  expect(await fleet.metric('queen_hives{status="online"}')).toBe(IDS.length);

  const storm = journal.storm(IDS);
  await until("it is on", () => journal.acknowledged > 1000);
  await first.kill("SIGKILL");
  await storm;
  expect(journal.missingIn(await fleet.rows())).toEqual([]);
  const acknowledgedBefore = new Map(journal.acknowledgedMs);
  await fleet.startQueen(SETTINGS);
  await until("the reader is told of the restart", () => followed.of("gap").length > 0);
  await until("every hive beats again", () =>
    IDS.every((id) => (journal.acknowledgedMs.get(id) ?? 0) > (acknowledgedBefore.get(id) ?? 0)),
  );

  const seenBefore = followed.events.length;
  const killedAtMs = Date.now();
  await killed.kill("SIGKILL");
  const cordon = { reason: "its fan is loud" };
  expect(await fleet.request("POST", `/v1/hives/${CORDONED}/cordon`, cordon)).toMatchObject({ status: 200 });
  const told = await until("events tell of all that", () => {
    // What the hives have, and what decides their status, is found anew some time after the start of a queen, and is told too.
    const news = followed.events.slice(seenBefore).filter(({ type }) => type !== "hive_changed" && type !== "workers");
    return news.length >= KILLED.length + 1 && news;
  });

  expect(await idsOf(fleet, "offline")).toEqual(KILLED);
  expect(await idsOf(fleet, "online")).toEqual(OTHERS);
  expect(await fleet.metric('queen_hives{status="offline"}')).toBe(KILLED.length);
  expect(await fleet.metric('queen_hives{status="online"}')).toBe(OTHERS.length);
  expect(await fleet.metric("queen_cordoned_hives")).toBe(1);
  const wentOffline = told.flatMap(({ type, data }) => (type === "status" ? [data] : []));
  expect(wentOffline.map(({ hive_id, was, status }) => `${hive_id}: ${was} → ${status}`).toSorted()).toEqual(
    KILLED.map((id) => `${id}: online → offline`),
  );
  for (const { at_ms } of wentOffline) expect(at_ms).toBeLessThanOrEqual(killedAtMs + 2 * STALE_AFTER_MS);
  expect(told.filter(({ type }) => type === "cordon").map(({ data }) => data)).toEqual([
    { at_ms: expect.any(Number), hive_id: CORDONED, cordoned: true, until_ms: null, ...cordon, row: expect.anything() },
  ]);
  expect(told.every(({ type }) => type === "status" || type === "cordon")).toBe(true);
  expect(journal.missingIn(await fleet.rows())).toEqual([]);
});
