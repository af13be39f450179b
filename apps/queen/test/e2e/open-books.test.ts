import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { agentBundle } from "../../src/lifecycle/agent-bundle.ts";
import type { Daemon } from "../daemon.ts";
import { EventReader } from "../event-reader.ts";
import { until } from "../until.ts";
import { BeatJournal } from "./beat-journal.ts";
import { Fleet } from "./fleet.ts";

const IDS = Array.from({ length: 50 }, (_, n) => `hive-${String(n).padStart(2, "0")}`);
const KILLED = IDS.slice(10, 15);
const CORDONED = IDS[20] ?? "";
const STALE_AFTER_MS = 5000;
const BEAT_INTERVAL_MS = 1000;
const SETTINGS = { QUEEN_STALE_AFTER_MS: String(STALE_AFTER_MS), QUEEN_HEALTH_INTERVAL_MS: "1000" };
const DEVICES = { cpu: { cores: 8, ram_gb: 32 }, gpus: [] };

/** What the file lacks of the beats that were acknowledged. */
async function missingBeats(fleet: Fleet, journal: BeatJournal): Promise<string[]> {
  const acknowledged = [...journal.acknowledgedMs];
  const stored = new Map((await fleet.rows()).map(({ id, last_heartbeat_ms }) => [id, last_heartbeat_ms ?? 0]));
  return acknowledged.filter(([id, sentMs]) => (stored.get(id) ?? 0) < sentMs).map(([id]) => id);
}

const metric = async (fleet: Fleet, series: string): Promise<number> => {
  const page = await (await fetch(`${fleet.origin}/metrics`)).text();
  const line = page.split("\n").find((one) => one.startsWith(`${series} `));
  return Number(line?.slice(series.length));
};

const idsOf = async (fleet: Fleet, status: string) => {
  const { body } = await fleet.request("GET", `/v1/hives?status=${status}`);
  return (body.hives as { id: string }[]).map(({ id }) => id);
};

test("50 hives, a queen killed under their load, 5 hives killed, 1 cordoned: list, metrics and events agree, and no beat is lost", {
  timeout: 180_000,
}, async () => {
  await using fleet = await Fleet.create();
  await using journal = await BeatJournal.start();
  const agent = join(fleet.folder, "agent.mjs");
  await writeFile(agent, (await agentBundle()).contents);
  const first = await fleet.startQueen(SETTINGS);
  journal.queen = fleet.origin;
  await using reader = await new EventReader().connect(fleet.origin);
  const hives = new Map<string, Daemon>();
  const waiting = IDS.values();
  const startHives = async () => {
    for (const id of waiting) {
      const hive = await fleet.startHive(id, { agent, queen: journal.origin, beatIntervalMs: BEAT_INTERVAL_MS });
      hives.set(id, hive);
      const record = { id, host: "127.0.0.1", port: await hive.port(), devices: DEVICES };
      expect(await fleet.request("POST", "/v1/hives", record)).toMatchObject({ status: 201 });
    }
  };
  // All at once, each would be too slow.
  await Promise.all(Array.from({ length: 6 }, startHives));
  await until("all are online", () => reader.events.filter(({ data }) => data.was === "unknown").length === IDS.length);
  expect(await metric(fleet, 'queen_hives{status="online"}')).toBe(IDS.length);

  const storm = journal.storm(IDS);
  await until("it is on", () => journal.acknowledged > 1000);
  await first.kill("SIGKILL");
  await storm;
  expect(await missingBeats(fleet, journal)).toEqual([]);
  const acknowledgedBefore = new Map(journal.acknowledgedMs);
  await fleet.startQueen(SETTINGS);
  await reader.connect(fleet.origin);
  await until("the reader is told of the restart", () => reader.events.some(({ type }) => type === "gap"));
  await until("every hive beats again", () =>
    IDS.every((id) => (journal.acknowledgedMs.get(id) ?? 0) > (acknowledgedBefore.get(id) ?? 0)),
  );

  const seenBefore = reader.events.length;
  const killedAtMs = Date.now();
  await Promise.all(KILLED.map((id) => hives.get(id)?.kill("SIGKILL")));
  const cordon = { reason: "its fan is loud" };
  expect(await fleet.request("POST", `/v1/hives/${CORDONED}/cordon`, cordon)).toMatchObject({ status: 200 });
  const told = await until("events tell of all that", () => {
    const news = reader.events.slice(seenBefore);
    return news.length >= KILLED.length + 1 && news;
  });

  expect(await idsOf(fleet, "offline")).toEqual(KILLED);
  expect(await idsOf(fleet, "online")).toEqual(IDS.filter((id) => !KILLED.includes(id)));
  expect(await metric(fleet, 'queen_hives{status="offline"}')).toBe(KILLED.length);
  expect(await metric(fleet, 'queen_hives{status="online"}')).toBe(IDS.length - KILLED.length);
  expect(await metric(fleet, "queen_cordoned_hives")).toBe(1);
  const wentOffline = told.filter(({ type }) => type === "status");
  expect(wentOffline.map(({ data }) => `${data.hive_id}: ${data.was} → ${data.status}`).toSorted()).toEqual(
    KILLED.map((id) => `${id}: online → offline`),
  );
  for (const { data } of wentOffline) expect(Number(data.at_ms)).toBeLessThanOrEqual(killedAtMs + 2 * STALE_AFTER_MS);
  expect(told.filter(({ type }) => type === "cordon").map(({ data }) => data)).toEqual([
    { at_ms: expect.any(Number), hive_id: CORDONED, cordoned: true, until_ms: null, ...cordon },
  ]);
  expect(told.every(({ type }) => type === "status" || type === "cordon")).toBe(true);
  expect(await missingBeats(fleet, journal)).toEqual([]);
});
