/** The two clocks of the queen, handed in so that tests own time. */
export interface Clock {
  /** Wall clock in milliseconds since the epoch: for what is stored and shown. */
  now(): number;
  /** Milliseconds of a clock that never jumps: for ages, deadlines and intervals. */
  monotonicNow(): number;
}

export const systemClock: Clock = { now: () => Date.now(), monotonicNow: () => performance.now() };
