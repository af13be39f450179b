import type { Day } from "./faults.ts";
import { Random } from "./random.ts";

/** Kinds of fleets to send through a day, by their names on the command line. */
export const FLEETS = {
  usual: "beats and answers probes",
  "no-beats": "answers probes and never beats",
  "dead-records": "three hives of ten are records of hosts long gone",
  "slow-answers": "answers a probe after 100 ms, so that a round takes longer than its interval",
  "two-queens": "a second queen, who takes no beats, probes and judges beside the first",
} as const;
export type FleetName = keyof typeof FLEETS;

const DEAD_SHARE = 0.3;
const SLOW_ANSWER_MS = 100;

/** The same day for a fleet of another kind. */
export function dayOf(fleet: FleetName, day: Day, seed: number): Day {
  const all = () => new Uint8Array(day.beatOnly.length).fill(1);
  switch (fleet) {
    case "usual":
      return day;
    case "no-beats":
      // One that neither beats nor may be asked shows nothing at all.
      return { ...day, silent: all(), beatOnly: new Uint8Array(day.beatOnly.length) };
    case "dead-records": {
      const random = new Random(seed + 2_000_000);
      return { ...day, dead: day.dead.map(() => (random.next() < DEAD_SHARE ? 1 : 0)) };
    }
    case "slow-answers":
      return { ...day, answerMs: SLOW_ANSWER_MS };
    case "two-queens":
      return { ...day, queens: 2 };
  }
}
