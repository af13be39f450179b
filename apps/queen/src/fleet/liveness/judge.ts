import type { HiveStatus } from "@repo/hive-catalog";
import type { Sight, Verdict } from "./sight.ts";

/** What holds for every hive at the moment of judging. */
export interface View {
  readonly nowMs: number;
  /** No age counts from before: the queen did not listen then. */
  readonly graceFromMs: number;
  readonly staleAfterMs: number;
  /** How far two failed probes must be apart to count as two. */
  readonly probeGapMs: number;
  /** False only in the simulation, which shows what the second witness is worth. */
  readonly corroborate: boolean;
}

const NEVER = Number.NEGATIVE_INFINITY;
/** Of the time that two failed probes must be apart: so that three of them are needed. */
const UNCORROBORATED_GAP = 3;

/** From when on the silence of a hive counts; probes that began earlier are no witness of it. */
export const quietFromMs = ({ beatAtMs = NEVER, setAtMs }: Sight, graceFromMs: number): number =>
  Math.max(beatAtMs, setAtMs, graceFromMs);

/** Of a hive whose beats were stale when it last answered, only its probes speak: two of them may be lost by chance. */
function doesNotBeat({ beatAtMs = NEVER, answeredAtMs = NEVER }: Sight, { staleAfterMs }: View): boolean {
  return answeredAtMs - beatAtMs >= staleAfterMs;
}

const beatIsFresh = ({ beatAtMs }: Sight, { nowMs, staleAfterMs }: View): boolean =>
  beatAtMs !== undefined && nowMs - beatAtMs < staleAfterMs;

const isWithoutAnswer = ({ probe }: Sight): boolean => probe === "failed" || probe === "refused";

/** Whether the hive may have been silent for `ageMs`, and its last probe failed or none may be made. */
export function isMissing(sight: Sight, { nowMs, graceFromMs, corroborate }: View, ageMs: number): boolean {
  const { beatAtMs = NEVER, beatLateMs, readAtMs, setAtMs } = sight;
  // Once the catalog was read again and held nothing newer.
  const heardMs = readAtMs > beatAtMs ? beatAtMs - beatLateMs : beatAtMs;
  const fromMs = Math.max(heardMs, setAtMs, graceFromMs);
  return nowMs - fromMs >= ageMs && (!corroborate || (isWithoutAnswer(sight) && sight.failedFromMs >= fromMs));
}

/** Whether everything that is needed to call a hive offline is there. */
export function isLost(sight: Sight, view: View): boolean {
  const { nowMs, graceFromMs, staleAfterMs, probeGapMs, corroborate } = view;
  const fromMs = quietFromMs(sight, graceFromMs);
  // Of beats that another queen takes, the next one is found so much later.
  if (nowMs - fromMs < staleAfterMs + sight.beatLateMs) return false;
  if (!corroborate) return true;
  const gapMs = doesNotBeat(sight, view) ? UNCORROBORATED_GAP * probeGapMs : probeGapMs;
  return isWithoutAnswer(sight) && sight.failedFromMs >= fromMs && sight.failedAtMs - sight.failedFromMs >= gapMs;
}

/** A hive that was never seen is neither on nor off; every other one that is not offline may be lost. */
export const mayBeLost = ({ beatAtMs }: Sight, status: HiveStatus | undefined): boolean =>
  status === "online" || (status === "unknown" && beatAtMs !== undefined);

/** Judges one hive by itself; whether so many hives may be marked at once is not asked here. */
export function judge(sight: Sight, status: HiveStatus, view: View): Verdict {
  const { beatAtMs, probe, setByOperator, setAtMs } = sight;
  const { nowMs, graceFromMs, staleAfterMs } = view;
  if (!setByOperator) {
    if (beatIsFresh(sight, view)) return { status: "online", rule: "beats_arrive", why: "its heartbeats arrive" };
    if (probe === "answered" && view.corroborate) {
      return { status: "online", rule: "answers_probes", why: "it answers health checks" };
    }
  }
  if (mayBeLost(sight, status) && isLost(sight, view)) {
    return { status: "offline", rule: "silent", why: whySilent(sight, nowMs) };
  }
  if (setByOperator)
    return { status, rule: "set_by_operator", why: "an operator set it, and the hive gave no sign since" };
  if (status === "offline") return { status, rule: "silent", why: "it was offline, and gave no sign of life since" };
  if (probe === "pending") return { status, rule: "not_probed_yet", why: "it was not probed yet" };
  if (!mayBeLost(sight, status)) return { status, rule: "never_seen", why: "it was never seen" };
  if (nowMs - quietFromMs(sight, graceFromMs) < staleAfterMs && (beatAtMs ?? setAtMs) < graceFromMs) {
    return { status, rule: "grace", why: "its silence counts only from when the queen began to listen again" };
  }
  return {
    status,
    rule: "one_failed_probe",
    why: "it is silent, but more failed health checks, some time apart, are needed",
  };
}

function whySilent({ beatAtMs, probe }: Sight, nowMs: number): string {
  const silence =
    beatAtMs === undefined ? "it never beat" : `no heartbeat came for ${((nowMs - beatAtMs) / 1000).toFixed(1)} s`;
  const reach = probe === "refused" ? "the queen may not contact its host" : "its last health checks failed";
  return `${silence} and ${reach}`;
}
