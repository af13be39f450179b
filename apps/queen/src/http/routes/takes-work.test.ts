import { expect, test } from "vitest";
import { addHive, beatJson, startTestQueen, type TestQueen, workerJson } from "../../../test/test-queen.ts";

/** What each of the three places shows where it says whether the hive takes work. */
async function shown(queen: TestQueen) {
  const read = async (path: string) => (await queen.request("GET", path)).body as Record<string, unknown>;
  const { hives } = (await read("/v1/fleet")) as { hives: Record<string, unknown>[] };
  const places = [...hives, await read("/v1/hives/hive-a/state"), await read("/v1/hives/hive-a/liveness")];
  return places.map(({ takes_work, why_not }) => ({ takes_work, why_not }));
}

const beat = (queen: TestQueen, workers: object[]) =>
  queen.request("POST", "/v1/heartbeat", beatJson("hive-a", workers));

test("whether a hive takes work, and why not, is the same in its row, its state and its liveness", async () => {
  await using queen = await startTestQueen({ flapChanges: 0 });
  await addHive(queen, 8600);
  const takes = { takes_work: true, why_not: null };
  const takesNone = (why: string) => ({ takes_work: false, why_not: expect.stringContaining(why) });
  const steps: [() => unknown, object][] = [
    [() => undefined, takesNone("it is unknown: it was not probed yet")],
    [() => beat(queen, [workerJson()]), takes],
    [() => beat(queen, []), takesNone("no worker runs there")],
    [() => beat(queen, [workerJson({ state: "Busy" })]), takesNone("none of its workers can be given work: 1 busy")],
    [() => queen.request("POST", "/v1/hives/hive-a/cordon", { reason: "fans" }), takesNone("it is cordoned: fans")],
    [() => queen.request("POST", "/v1/hives/hive-a/uncordon"), takesNone("1 busy")],
    [() => queen.clock.advance(60_000), takesNone("this queen hears no heartbeat of it")],
    [() => queen.request("PATCH", "/v1/hives/hive-a", { status: "offline" }), takesNone("it is offline: ")],
    [() => beat(queen, [workerJson()]), takesNone("it is on probation")],
  ];
  for (const [step, expected] of steps) {
    await step();
    expect(await shown(queen)).toEqual([expected, expected, expected]);
  }
});
