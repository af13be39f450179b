import { z } from "zod";
import { choice, line, recordId, text } from "./fields.ts";
import { recordFields, rule, timeMs } from "./record.ts";

export const OPERATION_KINDS = ["start", "stop", "restart", "install"] as const;
/** The states in which nothing changes any more. */
const ENDS = ["succeeded", "failed", "cancelled", "interrupted"] as const;
export const OPERATION_STATES = ["running", ...ENDS] as const;
export const STEP_STATES = ["running", "done", "failed", "skipped"] as const;

/** What an operation keeps of the output of what it runs, in characters. */
export const MAX_OUTPUT_TAIL = 65_536;
/** The longest detail of a step and problem of an operation, in characters. */
export const MAX_PROBLEM = 16_384;
const MAX_STEPS = 100;

/** One step of an operation. */
export const OperationStep = z.strictObject({
  name: line(100),
  state: choice(STEP_STATES),
  startedAtMs: timeMs,
  endedAtMs: timeMs.nullable(),
  detail: text(MAX_PROBLEM).nullable(),
});
export type OperationStep = z.infer<typeof OperationStep>;

const STEPS = rule(`must be a list of at most ${MAX_STEPS} steps`);

/** Something that is done to a hive, or was. */
export const OperationRecord = z.strictObject({
  id: recordId,
  hiveId: recordFields.id,
  kind: choice(OPERATION_KINDS),
  state: choice(OPERATION_STATES),
  /** Who runs it, such as a queen's host and process. */
  owner: line(256),
  steps: z.array(OperationStep, STEPS).max(MAX_STEPS, STEPS),
  outputTail: text(MAX_OUTPUT_TAIL),
  problem: text(MAX_PROBLEM).nullable(),
  createdAtMs: timeMs,
  deadlineMs: timeMs,
  finishedAtMs: timeMs.nullable(),
});
export type OperationRecord = z.infer<typeof OperationRecord>;

/** What `begin` takes. */
export const NewOperation = OperationRecord.pick({ id: true, hiveId: true, kind: true, owner: true, deadlineMs: true });
export type NewOperation = z.input<typeof NewOperation>;

/** What `save` takes. */
export const OperationProgress = OperationRecord.pick({ steps: true, outputTail: true });
export type OperationProgress = z.input<typeof OperationProgress>;

/** What `finish` takes. */
export const OperationEnd = z.strictObject({
  state: choice(ENDS),
  problem: OperationRecord.shape.problem.optional(),
});
export type OperationEnd = z.input<typeof OperationEnd>;

const JSON_TEXT = rule("must be JSON");

/** An operation as its row holds it. */
export const StoredOperation: z.ZodType<OperationRecord> = OperationRecord.extend({
  steps: z
    .string(JSON_TEXT)
    .transform((json, context): unknown => {
      try {
        return JSON.parse(json);
      } catch {
        context.issues.push({ code: "custom", input: json, message: "must be JSON" });
        return z.NEVER;
      }
    })
    .pipe(OperationRecord.shape.steps),
});
