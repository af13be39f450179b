import { performance } from "node:perf_hooks";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";

/** A median and the quartiles around it. */
export type Spread = { readonly median: number; readonly low: number; readonly high: number; readonly rounds: number };

/** Runs for some time and says what it saw: a time per operation, operations per second, … */
export type Round = () => Promise<number>;

const WARM_UP_ROUNDS = 2;
/** For what is near its limit, or takes so little that what the machine does meanwhile weighs as much as what the sides differ by. */
export const MANY_ROUNDS = 101;

export function spread(samples: readonly number[]): Spread {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number) => percentile(sorted, share);
  return { median: at(0.5), low: at(0.25), high: at(0.75), rounds: samples.length };
}

/** `sorted` is in ascending order, `share` from 0 to 1. */
export function percentile(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export function p99(figures: readonly number[]): number {
  return percentile(
    figures.toSorted((a, b) => a - b),
    0.99,
  );
}

/** Said beside a median of stalls: how bad it was once. */
export function worstOf(stallsMs: readonly number[]): string {
  return `${stallsMs.length} ${stallsMs.length === 1 ? "run" : "runs"}, the worst ${Math.max(...stallsMs).toFixed(1)} ms`;
}

type InTurnOptions = {
  rounds: number;
  /** Rounds before those that count. */
  warmUp?: number;
  /** Told of each round that counts, from 1 on. */
  onRound?: (round: number) => void;
};

/**
 * Runs all sides one after the other, again and again, so that what disturbs the machine disturbs all of them. In random order: in the
 * same one, the garbage of all is collected in the time of the same side again and again, which made a list a third slower in every third process, as measured.
 */
export async function inTurn<Side extends string>(
  sides: Record<Side, Round>,
  options: InTurnOptions,
): Promise<Record<Side, number[]>> {
  const [seen] = await groupsInTurn([sides], options);
  return seen as Record<Side, number[]>;
}

/**
 * Several such groups in the same rounds, so that those of each are spread over the whole time. The sides of a group stay next to each
 * other: the machine changes its speed from one tenth of a second to the next.
 */
export async function groupsInTurn<Side extends string>(
  groups: readonly Record<Side, Round>[],
  { rounds, warmUp = WARM_UP_ROUNDS, onRound }: InTurnOptions,
): Promise<Record<Side, number[]>[]> {
  const measured = groups.map((sides) => {
    const names = Object.keys(sides) as Side[];
    return {
      sides,
      names,
      seen: Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Side, number[]>,
    };
  });
  for (let round = -warmUp; round < rounds; round++) {
    if (round >= 0) onRound?.(round + 1);
    for (const { sides, names, seen } of shuffled(measured)) {
      for (const name of shuffled(names)) {
        const figure = await sides[name]();
        if (round >= 0) seen[name].push(figure);
        await turnOfTheLoop();
      }
    }
  }
  return measured.map(({ seen }) => seen);
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  const keyed = items.map((item) => ({ item, key: Math.random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

/** `n` counts the operations of all rounds. One that is done when it returns is not awaited: a promise would cost it more. */
export type Operation = (n: number) => unknown;

async function runMany(operation: Operation, from: number, count: number): Promise<number> {
  const startedMs = performance.now();
  for (let n = from; n < from + count; n++) {
    const pending = operation(n);
    if (pending instanceof Promise) await pending;
  }
  return performance.now() - startedMs;
}

/** Short, so that both sides of a round mostly see the machine in the same state. */
const ROUND_MS = 12;

/** Microseconds per operation, over as many operations as take between half of `roundMs` and the whole of it, or over one. */
export function calibrated(operation: Operation, roundMs = ROUND_MS): Round {
  let n = 0;
  let count = 0;
  const run = async () => {
    const tookMs = await runMany(operation, n, count);
    n += count;
    return tookMs;
  };
  return async () => {
    if (count === 0) {
      // The faster of two: one pause of the machine must not pass for a slow operation.
      for (count = 1; Math.min(await run(), await run()) < roundMs / 2; ) count *= 2;
    }
    const tookMs = await run();
    const figure = (tookMs * 1000) / count;
    // The engine has made its code faster since it was counted.
    if (tookMs < roundMs / 2) count *= 2;
    return figure;
  };
}

/** Microseconds per operation over exactly `count` of them: for writes, so that both sides' files grow alike. */
export function counted(operation: Operation, count: number): Round {
  let n = 0;
  return async () => {
    const tookMs = await runMany(operation, n, count);
    n += count;
    return (tookMs * 1000) / count;
  };
}

/** The median, in microseconds, of `count` operations that are timed one by one. */
export function medianOf(operation: Operation, count: number): Round {
  let n = 0;
  return async () => {
    const tookUs: number[] = [];
    for (let done = 0; done < count; done++) tookUs.push((await runMany(operation, n++, 1)) * 1000);
    return spread(tookUs).median;
  };
}

/** How long each call took, in ms, of some callers that call again as soon as they have their answer, as long as `forMs`. */
export async function callInLoops(callers: number, forMs: number, call: () => Promise<unknown>): Promise<number[]> {
  const untilMs = performance.now() + forMs;
  const tookMs: number[] = [];
  const caller = async () => {
    for (let startedMs = performance.now(); startedMs < untilMs; ) {
      await call();
      const answeredMs = performance.now();
      tookMs.push(answeredMs - startedMs);
      startedMs = answeredMs;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return tookMs;
}
