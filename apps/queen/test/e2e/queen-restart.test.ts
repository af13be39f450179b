import { beforeAll, expect, test, vi } from "vitest";
import { until } from "../until.ts";
import { BeatJournal } from "./beat-journal.ts";
import { changesOf, Fleet, type HiveRow, hiveIds, STALE_AFTER_MS } from "./fleet.ts";

beforeAll(() => vi.setConfig({ testTimeout: 60_000 }));

/** What no beat changes. */
const lasting = (rows: HiveRow[]) => rows.map(({ last_heartbeat_ms: _beat, ...rest }) => rest);
const lastBeatMs = (rows: HiveRow[]) => Math.max(...rows.map(({ last_heartbeat_ms }) => last_heartbeat_ms ?? 0));

const ENDS = [
  ["SIGKILL", { code: null, signal: "SIGKILL" }],
  ["SIGTERM", { code: 0, signal: null }],
] as const;

test("after a SIGKILL and a SIGTERM, and a while away each time, the catalog is whole, the registry fills again, and nobody went offline", async () => {
  await using fleet = await Fleet.create();
  let queen = await fleet.startQueen();
  const gpuBox = await fleet.startHive("gpu-box", { gpus: 8 });
  await fleet.add("gpu-box", await gpuBox.port());
  // It beats, but cannot be reached: only its beats can keep it online.
  const deaf = await fleet.startHive("deaf");
  await fleet.add("deaf", await deaf.port(), "127.0.0.77");
  await fleet.add("elsewhere", 8600, "10.0.1.100");
  await until("both are online, one with its devices", async () => {
    const [deafRow, elsewhere, gpuBoxRow] = await fleet.rows();
    return deafRow?.status === "online" && elsewhere?.status === "unknown" && gpuBoxRow?.devices_json !== null;
  });
  await fleet.untilStatus("gpu-box", "online");
  await until("both beat", async () => (await fleet.stateOf("gpu-box")).live && (await fleet.stateOf("deaf")).live);

  for (const [signal, end] of ENDS) {
    const before = await fleet.rows();
    expect(await queen.kill(signal)).toEqual(end);
    expect(await fleet.integrity()).toBe("ok");
    const left = await fleet.rows();
    expect(lasting(left), signal).toEqual(lasting(before));
    expect(lastBeatMs(left)).toBeGreaterThanOrEqual(lastBeatMs(before));
    await until("every stored beat is stale", () => Date.now() > lastBeatMs(left) + STALE_AFTER_MS);

    queen = await fleet.startQueen();
    const backAtMs = Date.now();
    await until("the registry has both again, for more than a stale age", async () => {
      const states = [await fleet.stateOf("gpu-box"), await fleet.stateOf("deaf")];
      const rows = await fleet.rows();
      return states.every(({ live }) => live) && lastBeatMs(rows) > backAtMs + STALE_AFTER_MS;
    });
    expect(changesOf(queen), signal).toEqual([]);
    expect(lasting(await fleet.rows()), signal).toEqual(lasting(before));
    expect(await fleet.integrity()).toBe("ok");
  }
});

const IDS = hiveIds(32);
const KILLS = 3;
const BEATS_BEFORE_A_KILL = 500;

test("a queen that is killed under a load of beats has stored every beat that it answered", async () => {
  await using fleet = await Fleet.create();
  await using journal = await BeatJournal.start();
  let created: number[] | undefined;

  for (let kill = 1; kill <= KILLS; kill += 1) {
    const queen = await fleet.startQueen();
    journal.queen = fleet.origin;
    if (kill === 1) for (const id of IDS) await fleet.add(id, 8600, "10.0.1.100");
    created ??= (await fleet.rows()).map(({ created_at_ms }) => created_at_ms);

    const load = journal.storm(IDS);
    await until("many are answered", () => journal.acknowledged >= kill * BEATS_BEFORE_A_KILL);
    expect(await queen.kill("SIGKILL")).toEqual({ code: null, signal: "SIGKILL" });
    await load;
    expect(journal.statuses).toEqual(new Set([200]));

    expect(await fleet.integrity()).toBe("ok");
    const rows = await fleet.rows();
    expect(rows.map(({ id }) => id)).toEqual(IDS);
    expect(rows.map(({ created_at_ms }) => created_at_ms)).toEqual(created);
    expect(journal.missingIn(rows)).toEqual([]);
    expect(journal.acknowledgedMs.size).toBe(IDS.length);
  }
});
