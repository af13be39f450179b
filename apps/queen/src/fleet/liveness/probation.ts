import type { Change, Probation, Sight } from "./sight.ts";

/** When a hive counts as flapping, and for how long. */
export interface FlapSettings {
  /** A hive that changed more often than this within the window goes on probation. */
  readonly flapChanges: number;
  readonly flapWindowMs: number;
  /** The first back-off; each further change to offline doubles it, up to 16 times as long. */
  readonly probationMs: number;
}

const CHANGES_KEPT = 64;
const MAX_BACK_OFFS = 16;

/** That under which a hive is now; undefined when it is under none. */
export const probationAt = ({ probation }: Readonly<Sight>, nowMs: number): Probation | undefined =>
  probation !== undefined && nowMs < probation.untilMs ? probation : undefined;

/** Keeps a change of status, and puts a hive that changes too often on probation. What an operator does is no flapping. */
export function remember(sight: Sight, change: Change, settings: FlapSettings): void {
  sight.changes = [...sight.changes, change].slice(-CHANGES_KEPT);
  if (isFlap(change)) sight.probation = nextProbation(sight, change, settings);
}

/** From or to unknown is no going up or down. */
const isFlap = ({ was, status, rule }: Change): boolean =>
  was !== "unknown" && status !== "unknown" && rule !== "set_by_operator";

/** On probation every change begins the wait anew, and every change to offline doubles it; so does a return to probation within a window. */
function nextProbation(sight: Sight, { atMs, status }: Change, settings: FlapSettings) {
  const { probation, changes } = sight;
  const { flapChanges, flapWindowMs, probationMs } = settings;
  const isOn = probationAt(sight, atMs) !== undefined;
  const flaps = changes.filter((change) => isFlap(change) && atMs - change.atMs < flapWindowMs).length;
  if (!isOn && flaps <= flapChanges) return probation;
  const wasJustOn = probation !== undefined && atMs - probation.untilMs < flapWindowMs;
  if (!wasJustOn) return { untilMs: atMs + probationMs, backOffMs: probationMs };
  const doubles = !isOn || status === "offline";
  const backOffMs = Math.min(probation.backOffMs * (doubles ? 2 : 1), probationMs * MAX_BACK_OFFS);
  return { untilMs: atMs + backOffMs, backOffMs };
}
