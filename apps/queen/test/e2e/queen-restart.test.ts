import { beforeAll, expect, test, vi } from "vitest";
import { beatJson } from "../test-queen.ts";
import { until } from "../until.ts";
import { changesOf, Fleet, type HiveRow, STALE_AFTER_MS } from "./fleet.ts";

beforeAll(() => vi.setConfig({ testTimeout: 60_000 }));

/** What no beat changes. */
const lasting = (rows: HiveRow[]) => rows.map(({ last_heartbeat_ms: _beat, ...rest }) => rest);
const lastBeatMs = (rows: HiveRow[]) => Math.max(...rows.map(({ last_heartbeat_ms }) => last_heartbeat_ms ?? 0));

test.each([
  ["SIGKILL", { code: null, signal: "SIGKILL" }],
  ["SIGTERM", { code: 0, signal: null }],
] as const)(
  "after a %s and a while away the catalog is whole, the registry fills again, and nobody went offline",
  async (signal, end) => {
    await using fleet = await Fleet.create();
    const first = await fleet.startQueen();
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
    const before = await fleet.rows();

    expect(await first.kill(signal)).toEqual(end);
    expect(await fleet.integrity()).toBe("ok");
    const left = await fleet.rows();
    expect(lasting(left)).toEqual(lasting(before));
    expect(lastBeatMs(left)).toBeGreaterThanOrEqual(lastBeatMs(before));
    await until("every stored beat is stale", () => Date.now() > lastBeatMs(left) + STALE_AFTER_MS);

    const second = await fleet.startQueen();
    const backAtMs = Date.now();
    await until("the registry has both again, for more than a stale age", async () => {
      const states = [await fleet.stateOf("gpu-box"), await fleet.stateOf("deaf")];
      const rows = await fleet.rows();
      return states.every(({ live }) => live) && lastBeatMs(rows) > backAtMs + STALE_AFTER_MS;
    });
    expect(changesOf(second)).toEqual([]);
    expect(lasting(await fleet.rows())).toEqual(lasting(before));
    expect(await fleet.integrity()).toBe("ok");
  },
);

const HIVES = 32;
const KILLS = 3;
const BEATS_BEFORE_A_KILL = 500;

test("a queen that is killed under a load of beats has stored every beat that it answered", async () => {
  await using fleet = await Fleet.create();
  const ids = Array.from({ length: HIVES }, (_, index) => `hive-${String(index).padStart(2, "0")}`);
  /** The time just before the last beat of each hive that was answered: the queen stores its own, a little later one. */
  const sentAtMs = new Map<string, number>();
  let created: number[] | undefined;

  for (let kill = 0; kill < KILLS; kill += 1) {
    const queen = await fleet.startQueen();
    if (kill === 0) for (const id of ids) await fleet.add(id, 8600, "10.0.1.100");
    created ??= (await fleet.rows()).map(({ created_at_ms }) => created_at_ms);

    const statuses = new Set<number>();
    let answered = 0;
    const beatOnAndOn = async (id: string) => {
      for (;;) {
        const beforeMs = Date.now();
        const answer = await fleet.request("POST", "/v1/heartbeat", beatJson(id)).catch(() => undefined);
        if (answer === undefined) return;
        statuses.add(answer.status);
        sentAtMs.set(id, beforeMs);
        answered += 1;
        if (answered === BEATS_BEFORE_A_KILL) queen.child.kill("SIGKILL");
      }
    };
    const load = Promise.all(ids.map(beatOnAndOn));
    expect(await queen.end()).toEqual({ code: null, signal: "SIGKILL" });
    await load;
    expect(statuses).toEqual(new Set([200]));
    expect(answered).toBeGreaterThanOrEqual(BEATS_BEFORE_A_KILL);

    expect(await fleet.integrity()).toBe("ok");
    const rows = await fleet.rows();
    expect(rows.map(({ id }) => id)).toEqual(ids);
    expect(rows.map(({ created_at_ms }) => created_at_ms)).toEqual(created);
    const lost = rows.filter(({ id, last_heartbeat_ms }) => (last_heartbeat_ms ?? 0) < (sentAtMs.get(id) ?? 0));
    expect(lost).toEqual([]);
    expect(sentAtMs.size).toBe(HIVES);
  }
});
