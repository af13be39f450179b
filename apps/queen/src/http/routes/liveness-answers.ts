import { type Cordon, NewCordon } from "@repo/hive-catalog";
import { timeMs } from "@repo/hive-catalog/record";
import { z } from "zod";
import type { Fleet } from "../../fleet/fleet.ts";
import type { HiveView } from "../../fleet/hive-view.ts";
import type { Change, ProbeResult } from "../../fleet/liveness/sight.ts";
import type { Clock } from "../../process/clock.ts";
import { invalidInput } from "../errors.ts";
import { got } from "../field-problems.ts";
import { parseBody } from "../input.ts";
import { conditionToJson, toWallMs } from "./health.ts";

export const CordonBody = z.strictObject({ reason: NewCordon.shape.reason, until_ms: timeMs.nullish() });

/** What an operator posts to cordon a hive. */
export function readCordon(body: unknown, nowMs: number): NewCordon {
  const { reason, until_ms: untilMs = null } = parseBody(CordonBody, body, "INVALID_ARGUMENT");
  if (untilMs !== null && untilMs <= nowMs) {
    const message = `must be later than now, which is ${nowMs}${got(untilMs)}`;
    throw invalidInput("INVALID_ARGUMENT", [{ field: "until_ms", message }]);
  }
  return { reason, untilMs };
}

export const cordonToJson = ({ reason, untilMs, createdAtMs }: Cordon) => ({
  reason,
  until_ms: untilMs,
  created_at_ms: createdAtMs,
});

/** Everything that decides whether a hive is online and gets work. Times are shown by the wall clock. */
export function explain({ hive, sight, cordon, ...view }: HiveView, fleet: Fleet, clock: Clock) {
  const nowMs = clock.monotonicNow();
  const wallMs = (atMs: number) => toWallMs(atMs, clock);
  const { probation } = sight;
  return {
    hive_id: hive.id,
    status: hive.status,
    rule: view.rule,
    why: view.why,
    takes_work: view.takesWork,
    contactable: view.isContactable,
    beat_age_ms: sight.beatAtMs === undefined ? null : Math.round(nowMs - sight.beatAtMs),
    counted_silence_ms: Math.round(view.countedSilenceMs),
    stale_after_ms: fleet.staleAfterMs,
    unreachable_since_ms: sight.unreachableSinceMs === undefined ? null : wallMs(sight.unreachableSinceMs),
    probes: sight.probes.map((probe) => probeToJson(probe, wallMs)),
    changes: sight.changes.map((change) => changeToJson(change, wallMs)),
    probation:
      probation === undefined || probation.untilMs <= nowMs
        ? null
        : { until_ms: wallMs(probation.untilMs), back_off_ms: probation.backOffMs },
    skew_ms: view.heard?.skewMs ?? null,
    cordon: cordon === undefined ? null : cordonToJson(cordon),
    queen: conditionToJson(fleet.condition(), clock),
  };
}

type ToWallMs = (atMs: number) => number;

const probeToJson = ({ outcome, startedAtMs, endedAtMs, problem }: ProbeResult, wallMs: ToWallMs) => ({
  at_ms: wallMs(startedAtMs),
  took_ms: Math.round(endedAtMs - startedAtMs),
  outcome,
  problem: problem ?? null,
});

const changeToJson = ({ atMs, was, status, rule, why }: Change, wallMs: ToWallMs) => ({
  at_ms: wallMs(atMs),
  was,
  status,
  rule,
  why,
});
