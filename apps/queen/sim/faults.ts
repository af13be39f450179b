import { Random } from "./random.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** A time in which something is not as it should be, in ms from the start of the day. */
interface Fault {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What befalls hives. */
export interface HiveFault extends Fault {
  /**
   * `loss`: it is gone, and must be found. `restart`: it is gone for a moment. `partition`: nothing gets through. `mute`: its beats do not
   * arrive. `deaf`: its port is closed.
   */
  readonly kind: "loss" | "restart" | "partition" | "mute" | "deaf";
  readonly hives: readonly number[];
  /** A host that is gone does not answer at all; one whose agent is gone refuses at once. */
  readonly isHostGone: boolean;
}

/** What befalls the queen. */
interface QueenFault extends Fault {
  /** `suspension`: the machine slept, and monotonic time stood still. */
  readonly kind: "restart" | "stall" | "suspension";
}

export interface Day {
  readonly durationMs: number;
  readonly hiveFaults: readonly HiveFault[];
  readonly queenFaults: readonly QueenFault[];
  /** Jumps of the queen's wall clock. */
  readonly clockJumps: readonly { readonly atMs: number; readonly byMs: number }[];
  /** 1 for hives that the queen may not contact. */
  readonly beatOnly: Uint8Array;
  /** 1 for hives that take no notice of `next_beat_ms`. */
  readonly stubborn: Uint8Array;
  /** 1 for hives that never beat. */
  readonly silent: Uint8Array;
  /** 1 for records of hosts that are gone for good. */
  readonly dead: Uint8Array;
  /** How long an answer to a probe takes. */
  readonly answerMs: number;
  readonly queens: number;
}

const ANSWER_MS = 5;

/** A queen who was awake for so long during a loss has missed it if she has not found it. No loss is shorter. */
export const LATEST_FIND_MS = 15 * MINUTE;

/** What happens to a fleet in so many hours; a day of it is more than a fleet has in a bad year. */
export function inventDay(hives: number, hours: number, seed: number): Day {
  const random = new Random(seed);
  const durationMs = hours * HOUR;
  const beginning = () => random.between(10 * MINUTE, durationMs);
  const times = (perDay: number) => Math.max(1, Math.round((perDay * hours) / 24));
  const share = (part: number) => random.sample(Math.ceil(part * hives), hives);
  const hiveFaults: HiveFault[] = [];

  const befall = (kind: HiveFault["kind"], victims: number[], fromMs: number, lengthMs: number) =>
    hiveFaults.push({ kind, hives: victims, fromMs, toMs: fromMs + lengthMs, isHostGone: random.next() < 0.5 });
  const repeat = (perDay: number, fault: () => void) => {
    for (let n = times(perDay); n > 0; n -= 1) fault();
  };

  for (let hive = 0; hive < hives; hive += 1) {
    if (random.next() < (0.2 * hours) / 24) {
      befall("loss", [hive], beginning(), random.between(LATEST_FIND_MS, 6 * HOUR));
    }
    for (let restarts = 0; restarts < 2; restarts += 1) {
      if (random.next() < hours / 24) befall("restart", [hive], beginning(), random.between(5, 30) * SECOND);
    }
  }
  for (const part of [0.05, 0.2, 0.4]) {
    befall("loss", share(part), beginning(), random.between(30, 60) * MINUTE);
  }
  repeat(4, () => befall("partition", share(0.01), beginning(), random.between(2, 10) * MINUTE));
  repeat(3, () => befall("partition", share(0.4), beginning(), random.between(2, 4) * MINUTE));
  repeat(1, () => befall("partition", share(0.4), beginning(), random.between(7, 9) * MINUTE));
  repeat(3, () => befall("partition", share(1), beginning(), random.between(0.5, 4) * MINUTE));
  repeat(6, () => befall("mute", share(0.01), beginning(), random.between(5, 20) * MINUTE));
  repeat(6, () => befall("deaf", share(0.01), beginning(), random.between(5, 60) * MINUTE));

  const queenFaults: QueenFault[] = [];
  const strike = (kind: QueenFault["kind"], lengthMs: number) => {
    const fromMs = Math.round(beginning());
    // Whole ms, as numbers without a fraction cost the simulation of millions of beats no memory.
    queenFaults.push({ kind, fromMs, toMs: fromMs + Math.round(lengthMs) });
  };
  repeat(6, () => strike("restart", random.between(2, 120) * SECOND));
  repeat(8, () => strike("stall", random.between(10, 180) * SECOND));
  repeat(2, () => strike("suspension", random.between(5, 60) * MINUTE));

  const clockJumps = Array.from({ length: times(4) }, () => ({
    atMs: beginning(),
    byMs: random.between(-HOUR, HOUR),
  }));
  const flags = (part: number) => Uint8Array.from({ length: hives }, () => (random.next() < part ? 1 : 0));
  const beatOnly = flags(0.02);
  const stubborn = flags(0.2);
  const none = new Uint8Array(hives);
  const fleet = { beatOnly, stubborn, silent: none, dead: none, answerMs: ANSWER_MS, queens: 1 };
  return { durationMs, hiveFaults, queenFaults, clockJumps, ...fleet };
}
