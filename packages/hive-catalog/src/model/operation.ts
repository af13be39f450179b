import * as z from "zod";
import { field, json, optional, rule, rulesOf, time, timeMs } from "./fields.ts";
import { anyText, choice, line, ofHive, recordId } from "./texts.ts";

/** What can be done to a hive. */
export const OPERATION_KINDS = ["start", "stop", "restart", "install"] as const;
/** The states in which nothing changes any more. */
const OPERATION_ENDS = ["succeeded", "failed", "cancelled", "interrupted"] as const;
/** How far an operation is, or how it ended. */
export const OPERATION_STATES = ["running", ...OPERATION_ENDS] as const;

/** What an operation keeps of the output of what it runs, in characters. */
export const MAX_OUTPUT_TAIL = 65_536;
/** The longest detail of a step and problem of an operation, in characters. */
export const MAX_PROBLEM = 16_384;
const MAX_STEPS = 100;

/** One step of an operation. */
export const OperationStep = z.strictObject({
  name: line("name", 100).rule,
  state: choice("state", ["running", "done", "failed", "skipped"]).rule,
  startedAtMs: timeMs,
  endedAtMs: timeMs.nullable(),
  detail: anyText("detail", MAX_PROBLEM).rule.nullable(),
});
export type OperationStep = z.infer<typeof OperationStep>;

const STEPS = rule(`must be a list of at most ${MAX_STEPS} steps`);
const steps = z.array(OperationStep, STEPS).max(MAX_STEPS, STEPS);

export const operationFields = {
  id: recordId("id"),
  hiveId: ofHive("hive_id"),
  kind: choice("kind", OPERATION_KINDS),
  state: choice("state", OPERATION_STATES),
  /** Who runs it, such as a queen's host and process. */
  owner: line("owner", 256),
  createdAtMs: time("created_at_ms"),
  deadlineMs: time("deadline_ms"),
  /** Null while it runs. */
  finishedAtMs: optional(time("finished_at_ms")),
  problem: optional(anyText("problem", MAX_PROBLEM)),
  // The long ones last: SQLite reads what stands before them without their pages.
  steps: field("steps_json", json("steps", decodeSteps), steps),
  outputTail: anyText("output_tail", MAX_OUTPUT_TAIL),
};

/** Held to their kinds, not to the lengths that are asked of input. */
const storedSteps = z.array(OperationStep.extend({ name: z.string(), detail: z.string().nullable() }));

function decodeSteps(json: unknown): OperationStep[] {
  const { success, data, error } = storedSteps.safeParse(json);
  if (success) return data;
  const [issue] = error.issues;
  throw new Error([...(issue?.path ?? []), issue?.message].join(" "));
}

/** Something that is done to a hive, or was. */
export const OperationRecord = z.strictObject(rulesOf(operationFields));
export type OperationRecord = z.infer<typeof OperationRecord>;

const { id, hiveId, kind, state, createdAtMs, finishedAtMs } = operationFields;
/** What of it is short. */
export const operationSummaryFields = { id, hiveId, kind, state, createdAtMs, finishedAtMs };
export type OperationSummary = Pick<OperationRecord, keyof typeof operationSummaryFields>;

/** What `operations.begin` takes. */
export const NewOperation = OperationRecord.pick({ id: true, hiveId: true, kind: true, owner: true, deadlineMs: true });
export type NewOperation = z.input<typeof NewOperation>;

/** What `operations.save` takes beside the id. */
export const OperationProgress = OperationRecord.pick({ steps: true, outputTail: true });
export type OperationProgress = z.input<typeof OperationProgress>;

/** What `operations.finish` takes beside the id. */
export const OperationEnd = z.strictObject({
  state: choice("state", OPERATION_ENDS).rule,
  problem: OperationRecord.shape.problem.optional(),
});
export type OperationEnd = z.input<typeof OperationEnd>;
