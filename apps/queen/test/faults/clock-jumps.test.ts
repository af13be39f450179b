import { expect, test } from "vitest";
import { deadPort } from "../hive-server.ts";
import { addHive, beat, pass, startTestQueen, statusOf, type TestQueen } from "../test-queen.ts";

const STALE_AFTER_MS = 60_000;
const BEAT_MS = 15_000;
const HOUR_MS = 3_600_000;
const TEN_YEARS_MS = 10 * 365 * 24 * HOUR_MS;

/** A queen with one hive that beats and answers no probe: only its beats keep it online. */
async function queenWithBeatingHive(): Promise<TestQueen> {
  const queen = await startTestQueen({ staleAfterMs: STALE_AFTER_MS });
  await addHive(queen, await deadPort(), { devices: { cpu: null, gpus: [] } });
  await live(queen, 2 * STALE_AFTER_MS);
  expect(await statusOf(queen)).toBe("online");
  return queen;
}

/** Lets the hive beat for so long, with sweeps and health rounds in between. */
async function live(queen: TestQueen, durationMs: number): Promise<void> {
  for (let passedMs = 0; passedMs < durationMs; passedMs += BEAT_MS) {
    expect((await beat(queen)).status).toBe(200);
    await queen.watch.sweep();
    await queen.watch.runRound();
    queen.clock.advance(BEAT_MS);
  }
}

const storedBeat = async (queen: TestQueen) => (await queen.catalog.getHive("hive-a"))?.lastHeartbeatMs;

test.each([
  ["an hour back", -HOUR_MS],
  ["ten years ahead", TEN_YEARS_MS],
])(
  "a clock that jumps %s and home again marks no living hive offline, and leaves no beat from the jump",
  async (_name, jumpMs) => {
    await using queen = await queenWithBeatingHive();
    const { clock } = queen;
    clock.wallMs += jumpMs;
    await queen.watch.sweep();
    await queen.watch.runRound();
    await live(queen, 2 * STALE_AFTER_MS);
    clock.wallMs -= jumpMs;
    await queen.watch.sweep();
    await queen.watch.runRound();
    await live(queen, 2 * STALE_AFTER_MS);
    expect(queen.changes()).toEqual(["hive-a: unknown → online"]);
    expect(await storedBeat(queen)).toBe(clock.now() - BEAT_MS);
  },
);

test.each([
  ["an hour back", -HOUR_MS],
  ["ten years ahead", TEN_YEARS_MS],
])(
  "a hive that falls silent while the clock is %s goes offline when its time is over by the monotonic clock, not before",
  async (_name, jumpMs) => {
    await using queen = await queenWithBeatingHive();
    const { clock } = queen;
    await beat(queen);
    await queen.watch.runRound();
    clock.wallMs += jumpMs;
    await pass(queen, STALE_AFTER_MS - 1);
    expect(await statusOf(queen)).toBe("online");
    await pass(queen, 1);
    expect(await statusOf(queen)).toBe("offline");
  },
);

test("a beat that was stored ten years ahead does not keep a hive online after the clock is home, and the next beat replaces it", async () => {
  await using queen = await queenWithBeatingHive();
  const { clock } = queen;
  clock.wallMs += TEN_YEARS_MS;
  await beat(queen);
  clock.wallMs -= TEN_YEARS_MS;
  await pass(queen, STALE_AFTER_MS);
  expect(await statusOf(queen)).toBe("offline");
  await beat(queen);
  expect(await storedBeat(queen)).toBe(clock.now());
  expect(await statusOf(queen)).toBe("online");
});

test("a queen that starts after a jump takes a hive with a beat from the jump for alive no longer than a stale age", async () => {
  await using before = await queenWithBeatingHive();
  const { clock, catalog } = before;
  clock.wallMs += TEN_YEARS_MS;
  await beat(before);
  clock.wallMs -= TEN_YEARS_MS;
  await using after = await startTestQueen({ catalog, clock, staleAfterMs: STALE_AFTER_MS });
  await after.watch.runRound();
  expect(await statusOf(after)).toBe("online");
  await pass(after, STALE_AFTER_MS);
  expect(await statusOf(after)).toBe("offline");
});

test("the registry keeps the workers of a living hive over a jump, and drops them a stale age after the last beat", async () => {
  await using queen = await queenWithBeatingHive();
  const { clock } = queen;
  await beat(queen);
  for (const jumpMs of [-HOUR_MS, TEN_YEARS_MS]) {
    clock.wallMs += jumpMs;
    expect([...queen.fleet.registry.workers()].flat()).toHaveLength(1);
  }
  clock.monotonicMs += STALE_AFTER_MS;
  expect([...queen.fleet.registry.workers()].flat()).toEqual([]);
});
