import { z } from "zod";
import { type FieldProblem, HiveCatalogError } from "../errors.ts";
import { HIVE_ID_PATTERN, MAX_TIME_MS, recordFields, timeMs } from "./hive.ts";

const { id, status } = recordFields;
const devices = recordFields.devices.unwrap();

/** The arguments of the verbs that change a part of a hive. */
export const IdInput = z.object({ id });
export const StatusInput = z.object({ id, status });
export const HeartbeatInput = z.object({ id, timestampMs: timeMs });
export const DevicesInput = z.object({ id, devices });

/** What is said where a schema has no sentence of its own. */
const SAYING = {
  reportInput: true,
  error: (issue: z.core.$ZodRawIssue) => {
    if (issue.input === undefined) return "is required";
    return issue.code === "invalid_type" && issue.expected === "object" ? "must be an object" : undefined;
  },
};

/** Checks a hive, or a part of one, that a caller handed in. Throws INVALID_HIVE, which names each field and its rule. */
export function checkHive<Output>(schema: z.ZodType<Output>, input: unknown, hiveId?: string): Output {
  const result = schema.safeParse(input, SAYING);
  if (result.success) return result.data;
  const problems = problemsOf(result.error, "hive");
  const id = hiveId ?? idOf(input);
  const subject = id === undefined ? "the hive" : `hive ${JSON.stringify(id)}`;
  throw new HiveCatalogError("INVALID_HIVE", `${subject} is not valid: ${listed(problems)}`, {
    problems,
    ...(id === undefined ? {} : { hiveId: id }),
  });
}

/** Checks any other thing that a caller handed in, such as a `token`. Throws INVALID_ARGUMENT, which names each field and its rule. */
export function checkArgument<Output>(thing: string, schema: z.ZodType<Output>, input: unknown): Output {
  const result = schema.safeParse(input, SAYING);
  if (result.success) return result.data;
  const problems = problemsOf(result.error, thing);
  throw new HiveCatalogError("INVALID_ARGUMENT", `the ${thing} is not valid: ${listed(problems)}`, { problems });
}

/** Whether a hive can have this id: reads of any other one find nothing. */
export function isHiveId(id: unknown): id is string {
  return typeof id === "string" && HIVE_ID_PATTERN.test(id);
}

/** Whether a value is a time that can be stored. */
export function isTimeMs(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_TIME_MS;
}

/** Throws INVALID_ARGUMENT unless `value` is an integer from `min`. */
export function checkInteger(name: string, value: unknown, min: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= min) return;
  throw invalidArgument(name, `must be an integer from ${min}, got ${shown(value)}`);
}

/** Throws INVALID_ARGUMENT unless `value` is one of `choices`. */
export function checkChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (choices.includes(value as string)) return;
  throw invalidArgument(name, `must be one of ${choices.join(", ")}, got ${shown(value)}`);
}

/** Throws INVALID_ARGUMENT unless `options` is an object. */
export function checkOptions(options: unknown): void {
  if (typeof options === "object" && options !== null) return;
  throw invalidArgument("options", `must be an object, got ${shown(options)}`);
}

/** An INVALID_ARGUMENT for one argument of a call. */
export function invalidArgument(field: string, message: string): HiveCatalogError {
  return new HiveCatalogError("INVALID_ARGUMENT", `${field} ${message}`, { problems: [{ field, message }] });
}

/** Every field of a `thing` that is wrong; a rule that broke at several steps is told once. */
export function problemsOf(error: z.ZodError, thing: string): FieldProblem[] {
  const problems = error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === "unrecognized_keys") {
      const message = `is not a field of ${/^[aeiou]/.test(thing) ? "an" : "a"} ${thing}`;
      return issue.keys.map((key) => ({ field: [...path, key].join("."), message }));
    }
    const got = issue.input === undefined ? "" : `, got ${shown(issue.input)}`;
    return [{ field: path.join(".") || thing, message: `${issue.message}${got}` }];
  });
  return [...new Map(problems.map((problem) => [`${problem.field} ${problem.message}`, problem])).values()];
}

function listed(problems: readonly FieldProblem[]): string {
  return problems.map(({ field, message }) => `${field}: ${message}`).join("; ");
}

function idOf(input: unknown): string | undefined {
  return typeof input === "object" && input !== null && "id" in input && isHiveId(input.id) ? input.id : undefined;
}

const MAX_SHOWN = 80;

function shown(value: unknown): string {
  const text =
    typeof value === "bigint" || typeof value === "symbol" ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
