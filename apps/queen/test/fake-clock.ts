import type { Clock } from "../src/process/clock.ts";

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  wallMs = 1_761_040_800_000;
  monotonicMs = 1000;
  uptimeMs = 5000;
  cpuMs = 0;

  now(): number {
    return this.wallMs;
  }

  monotonicNow(): number {
    return this.monotonicMs;
  }

  uptimeNow(): number {
    return this.uptimeMs;
  }

  cpuNow(): number {
    return this.cpuMs;
  }

  advance(ms: number): void {
    this.wallMs += ms;
    this.monotonicMs += ms;
    this.uptimeMs += ms;
  }
}
