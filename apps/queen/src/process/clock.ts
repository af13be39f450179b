import { uptime } from "node:os";

/** The clocks of the queen, handed in so that tests own time. */
export interface Clock {
  /** Wall clock in milliseconds since the epoch: for what is stored and shown. */
  now(): number;
  /** Milliseconds of a clock that never jumps: for ages, deadlines and intervals. */
  monotonicNow(): number;
  /** Milliseconds since the machine started. They go on while it is suspended, as those of `monotonicNow` do not. */
  uptimeNow(): number;
  /** Milliseconds of processor time that this process has used. */
  cpuNow(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicNow: () => performance.now(),
  uptimeNow: () => uptime() * 1000,
  cpuNow: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

/** How far the wall clock is ahead of the monotonic one. */
const leads = new WeakMap<Clock, number>();

/** A monotonic time by the wall clock: the same one whenever it is asked for, until that clock is set. What it leaves out, a part of a millisecond, moves nothing. */
export function toWallMs(atMs: number, clock: Clock): number {
  const leadMs = clock.now() - clock.monotonicNow();
  const knownMs = leads.get(clock) ?? Number.NaN;
  const isKnown = Math.abs(leadMs - knownMs) < 1;
  if (!isKnown) leads.set(clock, leadMs);
  return Math.round(atMs + (isKnown ? knownMs : leadMs));
}
