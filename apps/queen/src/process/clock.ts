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

/** A monotonic time by the wall clock. */
export const toWallMs = (atMs: number, clock: Clock): number => Math.round(clock.now() - (clock.monotonicNow() - atMs));
