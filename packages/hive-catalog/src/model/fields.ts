import * as z from "zod";

/**
 * What a column holds. A stored value that is not so was damaged by another program. That is less than the rule which is asked of
 * input: what is only not accepted any more is read as it is.
 */
export type Stored = {
  readonly type: "text" | "integer";
  /** What a sound value is, in words. */
  readonly sentence: string;
  /** Whether one value of it may be as long as thousands of those of other columns. */
  readonly isLong?: boolean;
  /** What the type alone does not say of a value. */
  readonly isSound?: (held: string | number) => boolean;
  /** Of a text that is JSON: what it stands for. Throws an Error that says what is wrong. */
  readonly decode?: (json: unknown) => unknown;
  /** And back, as it stands there and in the JSON form of the record; by default they are the same. */
  readonly encode?: (value: never) => unknown;
};

/** All that is known of one column: the rest of the package derives from it what it needs. */
export type Field = {
  /** Its name in SQL, and in JSON but for the ending `_json`. */
  readonly column: string;
  readonly isNullable: boolean;
  readonly stored: Stored;
  /** What is asked of input. */
  readonly rule: z.ZodType;
  /** What it is where a caller does not say it; by default null, where that is allowed. */
  readonly initial?: unknown;
};

/** The fields of a record, by their names in TypeScript, in the order of the columns. */
export type Fields = { readonly [name: string]: Field };

/** A field that is never null. */
export function field<const Column extends string, const S extends Stored, Rule extends z.ZodType>(
  column: Column,
  stored: S,
  rule: Rule,
  initial?: unknown,
) {
  return { column, isNullable: false as const, stored, rule, ...(initial !== undefined && { initial }) };
}

/** The same field, where it may be null: unknown, or not there. */
export function optional<Column extends string, S extends Stored, Rule extends z.ZodType>(required: {
  column: Column;
  stored: S;
  rule: Rule;
}) {
  return { ...required, isNullable: true as const, rule: required.rule.nullable() };
}

/** The last millisecond that a JavaScript Date can hold. */
export const MAX_TIME_MS = 8_640_000_000_000_000;

/** One sentence for whatever breaks a rule: a reader wants the rule, not the step at which it broke. */
export const rule = (text: string) => ({
  error: (issue: { input?: unknown }) => (issue.input === undefined ? `is required, and ${text}` : text),
});
const TIME = rule("must be a time in milliseconds, an integer from 0");

export const timeMs = z
  .int(TIME)
  .min(0, TIME)
  .max(MAX_TIME_MS, TIME)
  .meta({ description: "Milliseconds since 1970-01-01 UTC" });

/** NUL, and halves of characters, which become other ones on their way into a database. */
const NO_TEXT = /[\0\p{Surrogate}]/u;

/** Whether a stored row can have this text for its key: reads of any other one find nothing. */
export function isKey(id: unknown): id is string {
  return typeof id === "string" && !NO_TEXT.test(id);
}

/** Any text. (A NUL would end it: such bytes are no text.) */
export const text = { type: "text", sentence: "must be a text" } as const satisfies Stored;

const storedTime = integer(0, MAX_TIME_MS, "a time in milliseconds, an integer");

export function time<const Column extends string>(column: Column) {
  return field(column, storedTime, timeMs);
}

export function integer(min: number, max: number, what = "an integer") {
  return {
    type: "integer",
    sentence: `must be ${what} from ${min} to ${max}`,
    isSound: (held: string | number) => Number.isSafeInteger(held) && Number(held) >= min && Number(held) <= max,
  } as const satisfies Stored;
}

export function oneOf(choices: readonly string[]) {
  return {
    type: "text",
    sentence: `must be one of ${choices.join(", ")}`,
    isSound: (held: string | number) => (choices as readonly unknown[]).includes(held),
  } as const satisfies Stored;
}

export function json(what: string, decode: (json: unknown) => unknown, encode = (value: never): unknown => value) {
  return { type: "text", sentence: `must be ${what} as JSON`, isLong: true, decode, encode } as const satisfies Stored;
}

/** The rule of each field, by its name in TypeScript. */
export function rulesOf<F extends Fields>(fields: F): { [Name in keyof F]: F[Name]["rule"] } {
  return mapped(fields, ([name, { rule }]) => [name, rule]);
}

type RecordOf<F extends Fields> = { [Name in keyof F]: z.output<F[Name]["rule"]> };

/** A record as it is first stored, its fields in the order of the columns, as of one that was read. Undefined is not said, as where a name is left out. */
export function newRecord<F extends Fields>(
  fields: F,
  said: { readonly [name: string]: unknown },
  byDefault: Partial<RecordOf<F>>,
): RecordOf<F> {
  return mapped(fields, ([name, { initial = null }]) => [name, said[name] ?? byDefault[name] ?? initial]);
}

function mapped<Result>(fields: Fields, change: (entry: [string, Field]) => [string, unknown]): Result {
  return Object.fromEntries(Object.entries(fields).map(change)) as Result;
}
