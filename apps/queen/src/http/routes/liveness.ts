import { HiveStatus } from "@repo/hive-catalog";
import { timeMs } from "@repo/hive-catalog/record";
import * as z from "zod";
import type { HiveView } from "../../fleet/hive-view.ts";
import { probationAt } from "../../fleet/liveness/probation.ts";
import { PROBE_OUTCOMES, RULES } from "../../fleet/liveness/sight.ts";
import { toWallMs } from "../../process/clock.ts";
import { Problem } from "../errors.ts";
import { jsonWriter } from "../json-writer.ts";
import type { AppParts } from "../parts.ts";
import { defineRoute } from "../route.ts";
import { CORDON, CordonJson } from "./cordons.ts";
import { CONDITION_EXAMPLE, ConditionJson, conditionOf } from "./health.ts";
import { takesWorkFields } from "./takes-work.ts";

const ChangeJson = z.strictObject({
  at_ms: timeMs,
  was: HiveStatus,
  status: HiveStatus,
  rule: z.enum(RULES),
  why: z.string(),
});

const HiveLiveness = z
  .strictObject({
    hive_id: z.string(),
    status: HiveStatus,
    rule: z.enum(RULES).meta({ description: "The rule that decided" }),
    why: z.string(),
    ...takesWorkFields,
    contactable: z.boolean().meta({ description: "Whether the queen may contact its host" }),
    beat_age_ms: z
      .int()
      .nullable()
      .meta({ description: "Of the last beat, whichever queen took it; null without one" }),
    counted_silence_ms: z
      .int()
      .meta({ description: "As far as it counts: from its last beat, or from when the queen began to listen again" }),
    stale_after_ms: z.int(),
    unreachable_since_ms: timeMs.nullable().meta({ description: "When the health checks that still fail began to" }),
    probes: z
      .array(
        z.strictObject({
          at_ms: timeMs,
          took_ms: z.int(),
          outcome: z.enum(PROBE_OUTCOMES).meta({
            description:
              "`unresolved` when no name server said where the host is, `unsent` when the queen herself had no file or memory left for a connection: neither shows anything of the hive",
          }),
          problem: z.string().nullable(),
        }),
      )
      .meta({ description: "The last few health checks, the newest last" }),
    changes: z
      .array(ChangeJson)
      .meta({ description: "The last changes of its status since the start of the queen, the newest last" }),
    probation: z
      .strictObject({ until_ms: timeMs, back_off_ms: z.int() })
      .nullable()
      .meta({ description: "It changed too often: no new work until it has been steady for so long" }),
    skew_ms: z.number().nullable(),
    two_senders: z
      .strictObject({ addresses: z.array(z.string()), since_ms: timeMs })
      .nullable()
      .meta({ description: "Two machines that beat under this id from two addresses by turns; null while it is one" }),
    cordon: CordonJson.nullable(),
    queen: ConditionJson,
  })
  .meta({ id: "HiveLiveness", description: "Why a hive is online or not, and whether it gets work" });
const livenessToJson = jsonWriter(HiveLiveness);

export const livenessRoutes = [
  defineRoute({
    method: "get",
    path: "/v1/hives/:id/liveness",
    access: "reader",
    operationId: "explainLiveness",
    summary: "Why a hive is online or not, and whether it gets work",
    answer: {
      description: "The rule that decided, and all that it knew",
      schema: HiveLiveness,
      example: {
        hive_id: "hive-prod-01",
        status: "online",
        rule: "beats_arrive",
        why: "its heartbeats arrive",
        takes_work: false,
        why_not: `it is cordoned: ${CORDON.reason}`,
        contactable: true,
        beat_age_ms: 4200,
        counted_silence_ms: 4200,
        stale_after_ms: 60_000,
        unreachable_since_ms: 1_761_040_770_000,
        probes: [
          {
            at_ms: 1_761_040_770_000,
            took_ms: 3,
            outcome: "failed",
            problem: "10.0.1.100:8600: /health: connect ECONNREFUSED 10.0.1.100:8600",
          },
        ],
        changes: [
          {
            at_ms: 1_761_040_000_000,
            was: "unknown",
            status: "online",
            rule: "beats_arrive",
            why: "its heartbeats arrive",
          },
        ],
        probation: null,
        skew_ms: -250,
        two_senders: null,
        cordon: { ...CORDON, created_at_ms: 1_761_040_800_000 },
        queen: CONDITION_EXAMPLE,
      },
    },
    problems: ["CORRUPT_HIVE"],
  }).handle(async ({ params: { id } }, parts) => {
    return explain(await parts.fleet.view(id), parts);
  }),
  defineRoute({
    method: "post",
    path: "/v1/liveness/confirm",
    operationId: "confirmMassFailure",
    summary: "Confirm that the missing hives are gone",
    description: "Ends a mass failure or a loss of the network: the hives are marked offline with the next sweep.",
    answer: {
      description: "How many of the online hives are missing",
      schema: z.strictObject({ missing: z.int(), online: z.int() }),
      example: { missing: 30, online: 50 },
    },
    problems: ["NOTHING_HELD_BACK"],
  }).handle((_request, { fleet }) => {
    const confirmed = fleet.confirm();
    if (confirmed !== undefined) return confirmed;
    throw new Problem("NOTHING_HELD_BACK", "No mark as offline is held back now, so there is nothing to confirm");
  }),
];

/** Everything that decides whether a hive is online and gets work. Times are shown by the wall clock. */
function explain(view: HiveView, { fleet, clock }: AppParts) {
  const { hive, sight, rule, why, whyNot, twoSenders } = view;
  const nowMs = clock.monotonicNow();
  const wallMs = (atMs: number) => toWallMs(atMs, clock);
  const probation = probationAt(sight, nowMs);
  return livenessToJson({
    hiveId: hive.id,
    status: hive.status,
    rule,
    why,
    takesWork: whyNot === null,
    whyNot,
    contactable: view.isContactable,
    beatAgeMs: sight.beatAtMs === undefined ? null : Math.round(nowMs - sight.beatAtMs),
    countedSilenceMs: Math.round(view.countedSilenceMs),
    staleAfterMs: fleet.settings.staleAfterMs,
    unreachableSinceMs: sight.unreachableSinceMs === undefined ? null : wallMs(sight.unreachableSinceMs),
    probes: sight.probes.map(({ outcome, startedAtMs, endedAtMs, problem = null }) => {
      return { atMs: wallMs(startedAtMs), tookMs: Math.round(endedAtMs - startedAtMs), outcome, problem };
    }),
    changes: sight.changes.map((change) => ({ ...change, atMs: wallMs(change.atMs) })),
    probation: probation === undefined ? null : { ...probation, untilMs: wallMs(probation.untilMs) },
    skewMs: view.heard?.skewMs ?? null,
    twoSenders: twoSenders === undefined ? null : { ...twoSenders, sinceMs: wallMs(twoSenders.sinceMs) },
    cordon: view.cordon ?? null,
    queen: conditionOf(fleet, clock),
  });
}
