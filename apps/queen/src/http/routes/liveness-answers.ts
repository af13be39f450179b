import { type Cordon, type HiveRecord, NewCordon } from "@repo/hive-catalog";
import { timeMs } from "@repo/hive-catalog/record";
import { z } from "zod";
import type { Change, ProbeResult } from "../../fleet/liveness/sight.ts";
import { invalidInput } from "../errors.ts";
import { got } from "../field-problems.ts";
import { parseBody } from "../input.ts";
import type { AppParts } from "../parts.ts";
import { conditionToJson, toWallMs } from "./health.ts";

type ExplainParts = Pick<AppParts, "registry" | "liveness" | "cordons" | "allowedHosts" | "clock">;

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
export function explain(hive: HiveRecord, { registry, liveness, cordons, allowedHosts, clock }: ExplainParts) {
  const nowMs = clock.monotonicNow();
  const wallMs = (atMs: number) => toWallMs(atMs, clock);
  const sight = liveness.sights.get(hive.id) ?? liveness.learn(hive, nowMs, nowMs, clock.now());
  const verdict = liveness.judge(sight, hive.status, nowMs);
  const last = sight.changes.at(-1);
  const { rule, why } = hive.status === "offline" && last?.status === "offline" ? last : verdict;
  const cordon = cordons.get(hive.id);
  const { probation } = sight;
  return {
    hive_id: hive.id,
    status: hive.status,
    rule,
    why,
    takes_work: liveness.takesWork(hive.id, nowMs) && cordon === undefined,
    contactable: !allowedHosts.refuses(hive.host) && sight.probe !== "refused",
    beat_age_ms: sight.beatAtMs === undefined ? null : Math.round(nowMs - sight.beatAtMs),
    counted_silence_ms: Math.round(liveness.countedSilenceMs(sight, nowMs)),
    stale_after_ms: liveness.settings.staleAfterMs,
    unreachable_since_ms: sight.unreachableSinceMs === undefined ? null : wallMs(sight.unreachableSinceMs),
    probes: sight.probes.map((probe) => probeToJson(probe, wallMs)),
    changes: sight.changes.map((change) => changeToJson(change, wallMs)),
    probation:
      probation === undefined || probation.untilMs <= nowMs
        ? null
        : { until_ms: wallMs(probation.untilMs), back_off_ms: probation.backOffMs },
    skew_ms: registry.get(hive.id)?.skewMs ?? null,
    cordon: cordon === undefined ? null : cordonToJson(cordon),
    queen: conditionToJson(liveness.condition(nowMs), clock),
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
