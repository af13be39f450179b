import * as z from "zod";
import { type FieldProblem, HiveCatalogError } from "../errors.ts";
import { isKey, MAX_TIME_MS, timeMs } from "./fields.ts";
import { recordFields } from "./hive.ts";
import { LabelChanges, Labels, MAX_LABELS } from "./label.ts";

export { isKey } from "./fields.ts";

const { status } = recordFields;
const devices = recordFields.devices.unwrap();
/** Of a hive that may be there, whatever its id looks like. */
const id = z.string("must be a text").refine(isKey, "must be a text, without NUL and halves of characters");

/** The arguments of the verbs that change a part of a hive. */
export const IdArgument = z.object({ id });
export const StatusArgument = z.object({ id, status });
export const HeartbeatArgument = z.object({ id, timestampMs: timeMs });
export const DevicesArgument = z.object({ id, devices });
export const LabelsArgument = z.object({ id, labels: Labels });
export const LabelChangesArgument = z.object({ id, labels: LabelChanges });

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
  if (typeof input === "object" && !hasFields(input))
    throw invalidHive(hiveId, [{ field: "hive", message: `must be an object, got ${shown(input)}` }]);
  const result = schema.safeParse(input, SAYING);
  if (result.success) return result.data;
  throw invalidHive(hiveId ?? idOf(input), problemsOf(result.error, "hive"));
}

/** An INVALID_HIVE, which names each field and its rule. */
export function invalidHive(hiveId: string | undefined, problems: readonly FieldProblem[]): HiveCatalogError {
  const subject = hiveId === undefined ? "the hive" : `hive ${shown(hiveId)}`;
  return new HiveCatalogError("INVALID_HIVE", `${subject} is not valid: ${listed(problems)}`, { hiveId, problems });
}

/** For changes to labels that leave a hive with too many. */
export const tooManyLabels = (id: string): HiveCatalogError =>
  invalidHive(id, [{ field: "labels", message: `must be at most ${MAX_LABELS} labels, with those that stay` }]);

/** Checks any other thing that a caller handed in, such as a `token`. Throws INVALID_ARGUMENT, which names each field and its rule. */
export function checkArgument<Output>(thing: string, schema: z.ZodType<Output>, input: unknown): Output {
  const result = schema.safeParse(input, SAYING);
  if (result.success) return result.data;
  const problems = problemsOf(result.error, thing);
  throw new HiveCatalogError("INVALID_ARGUMENT", `the ${thing} is not valid: ${listed(problems)}`, { problems });
}

/** Whether a value is a time that can be stored. */
export function isTimeMs(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_TIME_MS;
}

/** The clock of a catalog, in whole milliseconds: what it reads is stored. Throws INVALID_ARGUMENT for a time that cannot be. */
export function wholeMs(now: () => number): () => number {
  return () => {
    const read: unknown = now();
    const nowMs = typeof read === "number" ? Math.trunc(read) : Number.NaN;
    if (isTimeMs(nowMs)) return nowMs;
    throw invalidArgument("now", `must give milliseconds since the epoch, got ${shown(read)}`);
  };
}

export function checkInteger(name: string, value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): void {
  const isSo = Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
  check(name, value, isSo, `must be an integer ${range}`);
}

export function checkChoice(name: string, value: unknown, choices: readonly string[]): void {
  check(name, value, choices.includes(value as string), `must be one of ${choices.join(", ")}`);
}

/** Throws INVALID_ARGUMENT unless `options` is an object with no other options than the `known` ones: a misspelt one would pass in silence. */
export function checkOptions<Options extends object>(
  options: Options,
  known: readonly (keyof Options & string)[],
): void {
  checkObject("options", options);
  const unknown = Object.keys(options).find((name) => !(known as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw invalidArgument(shownKey(unknown), `is not an option; there are: ${known.join(", ")}`);
  const { signal } = options as { signal?: unknown };
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw invalidArgument("signal", "must be an AbortSignal");
}

export function checkObject(name: string, value: unknown): void {
  check(name, value, hasFields(value), "must be an object");
}

/** Such as `Map`; `Object` for one of any class that does not say otherwise. */
const kindOf = (value: unknown): string => Object.prototype.toString.call(value).slice("[object ".length, -1);

/** Whether it is an object, and none that would be taken for an empty one: a list, a Map, a promise that nobody awaited. A module may be one. */
export function hasFields(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return kindOf(value) === "Object" || Object.keys(value).length > 0;
}

/** Undefined will do, as for the next one. */
export function checkBoolean(name: string, value: unknown): void {
  check(name, value, value === undefined || typeof value === "boolean", "must be true or false");
}

export function checkFunction(name: string, value: unknown): void {
  check(name, value, value === undefined || typeof value === "function", "must be a function");
}

/** Throws INVALID_ARGUMENT, as all checks of one argument do. */
function check(name: string, value: unknown, isSo: boolean, rule: string): void {
  if (!isSo) throw invalidArgument(name, `${rule}, got ${shown(value)}`);
}

/** An INVALID_ARGUMENT for one argument of a call. */
export function invalidArgument(field: string, message: string): HiveCatalogError {
  return new HiveCatalogError("INVALID_ARGUMENT", `${field} ${message}`, { problems: [{ field, message }] });
}

/** Whoever mends so many asks again. */
const MAX_PROBLEMS = 20;
/** Of a key, which its caller chose: longer than any that is taken. */
const MAX_KEY_SHOWN = 320;

/** The fields of a `thing` that are wrong, MAX_PROBLEMS at most; a rule that broke at several steps is told once. */
function problemsOf(error: z.ZodError, thing: string): FieldProblem[] {
  const problems = error.issues.slice(0, MAX_PROBLEMS).flatMap((issue) => {
    const path = issue.path.map(shownKey);
    if (issue.code === "unrecognized_keys") {
      const message = `is not a field of ${/^[aeiou]/.test(thing) ? "an" : "a"} ${thing}`;
      const keys = issue.keys.slice(0, MAX_PROBLEMS);
      return keys.map((key) => ({ field: [...path, shownKey(key)].join("."), message }));
    }
    const got = issue.input === undefined ? "" : `, got ${shown(issue.input)}`;
    return [{ field: path.join(".") || thing, message: `${issue.message}${got}` }];
  });
  const different = new Map(problems.map((problem) => [`${problem.field} ${problem.message}`, problem]));
  return [...different.values()].slice(0, MAX_PROBLEMS);
}

function shownKey(key: PropertyKey): string {
  const text = String(key);
  return text.length > MAX_KEY_SHOWN ? `${text.slice(0, MAX_KEY_SHOWN)}…` : text;
}

function listed(problems: readonly FieldProblem[]): string {
  return problems.map(({ field, message }) => `${field}: ${message}`).join("; ");
}

function idOf(input: unknown): string | undefined {
  return typeof input === "object" && input !== null && "id" in input && isKey(input.id) ? input.id : undefined;
}

const MAX_SHOWN = 80;

/** Anything can be handed in, also what makes no text of itself. */
function asJson(value: unknown): string {
  try {
    const text = JSON.stringify(value) ?? String(value);
    // Of what holds no fields JSON shows none.
    return text === "{}" ? kindOf(value).replace("Object", text) : text;
  } catch {
    return `an ${typeof value} that JSON cannot show`;
  }
}

export function shown(value: unknown): string {
  const text = typeof value === "bigint" || typeof value === "symbol" ? String(value) : asJson(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
