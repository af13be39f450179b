import { expect, test, vi } from "vitest";
import { callInLoops, groupsInTurn, inTurn, percentile, spread } from "./measure.ts";
import { processorTimeMs } from "./processor-time.ts";
import { absolute, compared, notMeasured } from "./result.ts";

const row = { point: 1, what: "a call", meaning: "what it says", unit: "µs" } as const;

test("a ratio is taken round by round, so that a slow spell of the machine that hits both sides cancels out", () => {
  const { ratio } = compared({ ...row, ours: [2, 40, 2], counterpart: "by hand", theirs: [1, 20, 1] });
  expect(ratio).toEqual({ median: 2, low: 2, high: 2, rounds: 3 });
});

test("a limit is met at the limit itself and missed beyond it, in either direction", () => {
  const pair = { counterpart: "by hand", theirs: [1, 1, 1] };
  expect(compared({ ...row, ...pair, ours: [2, 2, 2], limit: { atMost: 2 } }).verdict).toBe("met");
  expect(compared({ ...row, ...pair, ours: [2.1, 2.1, 2.1], limit: { atMost: 2 } }).verdict).toBe("missed");
  expect(compared({ ...row, ...pair, ours: [3, 3, 3], limit: { atLeast: 3 } }).verdict).toBe("met");
  expect(compared({ ...row, ...pair, ours: [2.9, 2.9, 2.9], limit: { atLeast: 3 } }).verdict).toBe("missed");
});

test("what could not be counted misses its limit", () => {
  expect(absolute({ ...row, ours: [], limit: { atMost: 20 } }).verdict).toBe("missed");
  expect(compared({ ...row, ours: [1], counterpart: "by hand", theirs: [], limit: { atMost: 20 } }).verdict).toBe(
    "missed",
  );
});

test("a row without a limit has no verdict, and a missing counterpart is no miss", () => {
  expect(absolute({ ...row, ours: [1] }).verdict).toBe("no limit");
  expect(notMeasured({ ...row, note: "etcd is not installed" }).verdict).toBe("not measured");
});

test("every side runs once a round, and warm-up rounds are not counted", async () => {
  const order: string[] = [];
  const side = (name: string) => async () => order.push(name);
  const rounds: number[] = [];
  const onRound = (round: number) => void rounds.push(round);
  const seen = await inTurn({ ours: side("ours"), theirs: side("theirs") }, { rounds: 2, warmUp: 1, onRound });
  for (const round of [0, 1, 2]) expect(order.slice(2 * round, 2 * round + 2).toSorted()).toEqual(["ours", "theirs"]);
  const places = (name: string) => order.flatMap((ran, place) => (ran === name && place > 1 ? [place + 1] : []));
  expect(seen).toEqual({ ours: places("ours"), theirs: places("theirs") });
  expect(rounds).toEqual([1, 2]);
});

test("neither side is always the first of its round", async () => {
  const order: string[] = [];
  const side = (name: string) => async () => order.push(name);
  await inTurn({ ours: side("ours"), theirs: side("theirs") }, { rounds: 64 });
  expect(new Set(order.filter((_, place) => place % 2 === 0))).toEqual(new Set(["ours", "theirs"]));
});

test("the sides of a group stay next to each other, whatever order the groups come in", async () => {
  const order: string[] = [];
  const group = (name: string) => ({
    ours: async () => order.push(`${name} ours`),
    theirs: async () => order.push(`${name} theirs`),
  });
  const seen = await groupsInTurn([group("reads"), group("writes")], { rounds: 64, warmUp: 0 });
  const pairs = Array.from({ length: 128 }, (_, n) => order.slice(2 * n, 2 * n + 2).map((side) => side.split(" ")[0]));
  for (const [first, second] of pairs) expect(first).toBe(second);
  expect(new Set(pairs.filter((_, n) => n % 2 === 0).map(([first]) => first))).toEqual(new Set(["reads", "writes"]));
  expect(seen.map(({ ours, theirs }) => [ours.length, theirs.length])).toEqual([
    [64, 64],
    [64, 64],
  ]);
});

test("percentiles lie between the neighbouring samples", () => {
  expect(percentile([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(spread([4, 1, 3, 2, 5])).toEqual({ median: 3, low: 2, high: 4, rounds: 5 });
});

test("callers in a loop call again when they have their answer, not before", async () => {
  // A process that stands still for all of the time calls no second time.
  await vi.waitFor(async () => {
    let calls = 0;
    let running = 0;
    const tookMs = await callInLoops(3, 50, async () => {
      calls++;
      expect(++running).toBeLessThanOrEqual(3);
      await new Promise(setImmediate);
      running--;
    });
    expect(tookMs).toHaveLength(calls);
    expect(calls).toBeGreaterThan(3);
  }, 20_000);
});

test("the processor time of a process is what it counts itself, to a few of the system's ticks", () => {
  const { user, system } = process.cpuUsage();
  expect(Math.abs(processorTimeMs(process.pid) - (user + system) / 1000)).toBeLessThan(100);
});
