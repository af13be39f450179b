import { HiveStatus } from "@repo/hive-catalog";
import { timeMs } from "@repo/hive-catalog/record";
import { z } from "zod";
import { RULES } from "../../fleet/liveness/sight.ts";
import type { Operation } from "../openapi/operation.ts";
import { READING, WITH_BODY, WITH_ID, WRITING } from "../openapi/problems.ts";
import { CONDITION_EXAMPLE, ConditionJson } from "./health.openapi.ts";
import { CordonBody } from "./liveness-answers.ts";

const cordonFields = { reason: z.string(), until_ms: timeMs.nullable() };
const CordonJson = z.strictObject({ ...cordonFields, created_at_ms: timeMs }).meta({ id: "Cordon" });

const HiveLiveness = z
  .strictObject({
    hive_id: z.string(),
    status: HiveStatus,
    rule: z.enum(RULES).meta({ description: "The rule that decided" }),
    why: z.string(),
    takes_work: z.boolean().meta({ description: "Online, not on probation and not cordoned" }),
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
          outcome: z.enum(["answered", "failed", "refused"]),
          problem: z.string().nullable(),
        }),
      )
      .meta({ description: "The last few health checks, the newest last" }),
    changes: z
      .array(
        z.strictObject({ at_ms: timeMs, was: HiveStatus, status: HiveStatus, rule: z.enum(RULES), why: z.string() }),
      )
      .meta({ description: "The last changes of its status since the start of the queen, the newest last" }),
    probation: z
      .strictObject({ until_ms: timeMs, back_off_ms: z.int() })
      .nullable()
      .meta({ description: "It changed too often: no new work until it has been steady for so long" }),
    skew_ms: z.number().nullable(),
    cordon: CordonJson.nullable(),
    queen: ConditionJson,
  })
  .meta({ id: "HiveLiveness", description: "Why a hive is online or not, and whether it gets work" });

const CORDON = { reason: "new power supply", until_ms: 1_761_127_200_000 };

export const livenessOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/hives/:id/liveness",
    access: "reader",
    operationId: "explainLiveness",
    tag: "hives",
    summary: "Why a hive is online or not, and whether it gets work",
    answers: {
      200: {
        description: "The rule that decided, and all that it knew",
        schema: HiveLiveness,
        example: {
          hive_id: "hive-prod-01",
          status: "online",
          rule: "beats_arrive",
          why: "its heartbeats arrive",
          takes_work: false,
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
          cordon: { ...CORDON, created_at_ms: 1_761_040_800_000 },
          queen: CONDITION_EXAMPLE,
        },
      },
    },
    problems: ["CORRUPT_HIVE", ...WITH_ID, ...READING],
  },
  {
    method: "post",
    path: "/v1/hives/:id/cordon",
    operationId: "cordonHive",
    tag: "hives",
    summary: "Give a hive no new work",
    description:
      "It is watched as ever, and never the best worker's. In place of an earlier cordon. Ends at `until_ms`, or when it is lifted.",
    body: { schema: CordonBody, examples: { until_lifted: { reason: "new power supply" }, with_end: CORDON } },
    answers: {
      200: {
        description: "It is cordoned",
        schema: z.strictObject({ hive_id: z.string(), ...cordonFields, created_at_ms: timeMs }),
        example: { hive_id: "hive-prod-01", ...CORDON, created_at_ms: 1_761_040_800_000 },
      },
    },
    problems: ["INVALID_ARGUMENT", ...WITH_ID, ...WITH_BODY, ...WRITING],
  },
  {
    method: "post",
    path: "/v1/hives/:id/uncordon",
    operationId: "uncordonHive",
    tag: "hives",
    summary: "Give a hive new work again",
    answers: {
      200: {
        description: "It is not cordoned; `lifted` says whether it was",
        schema: z.strictObject({ hive_id: z.string(), lifted: z.boolean() }),
        example: { hive_id: "hive-prod-01", lifted: true },
      },
    },
    problems: [...WITH_ID, ...WRITING],
  },
  {
    method: "post",
    path: "/v1/liveness/confirm",
    operationId: "confirmMassFailure",
    tag: "hives",
    summary: "Confirm that the missing hives are gone",
    description: "Ends a mass failure or a loss of the network: the hives are marked offline with the next sweep.",
    answers: {
      200: {
        description: "How many of the online hives are missing",
        schema: z.strictObject({ missing: z.int(), online: z.int() }),
        example: { missing: 30, online: 50 },
      },
    },
    problems: ["NOTHING_HELD_BACK"],
  },
];
