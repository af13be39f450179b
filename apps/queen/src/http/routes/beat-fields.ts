import { rule } from "@repo/hive-catalog/record";
import * as z from "zod";
import type { Part, UnusablePart } from "../../fleet/workers/heartbeat.ts";
import { REACHES, type Reach } from "../../fleet/workers/worker.ts";
import { got } from "../field-problems.ts";
import { parseTime, TIME_RULE } from "../times.ts";

/**
 * What fields of one type must be: `schema` says it to the readers of the API's document, `is` holds each heartbeat to it. zod took a sixth of the
 * queen's time under load, and more in garbage.
 */
interface FieldType<Value> {
  readonly rule: string;
  readonly schema: z.ZodType<Value>;
  readonly is: (value: unknown) => value is Value;
}

const MAX_TEXT_LENGTH = 256;
const MAX_URL_LENGTH = 2048;
const MAX_PORT = 65_535;
/** Many programs read no JSON that has half of a character in it, which would be that of all hives. */
const WHOLE = "characters, none of them half a one";
const isWhole = (text: string): boolean => text.isWellFormed();
/** More than any host has: what a hive makes up stays few, in each beat and over all of them. */
const MAX_GPUS = 64;

function typeOf<Value>(
  text: string,
  schemaOf: (message: ReturnType<typeof rule>) => z.ZodType<Value>,
  is: (value: unknown) => value is Value,
): FieldType<Value> {
  return { rule: text, schema: schemaOf(rule(text)), is };
}

const textOf = (minLength: number, maxLength: number): FieldType<string> =>
  typeOf(
    `must be text of ${minLength === 0 ? "at most" : `${minLength} to`} ${maxLength} ${WHOLE}`,
    (message) => z.string(message).min(minLength, message).max(maxLength, message).refine(isWhole, message),
    (value): value is string =>
      typeof value === "string" && value.length <= maxLength && value.length >= minLength && isWhole(value),
  );

const integerFrom = (min: number, max = Number.MAX_SAFE_INTEGER): FieldType<number> =>
  typeOf(
    `must be an integer from ${min} to ${max}`,
    (message) => z.int(message).min(min, message).max(max, message),
    (value): value is number => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
  );

export const TEXT = textOf(0, MAX_TEXT_LENGTH);
export const NAME = textOf(1, MAX_TEXT_LENGTH);
export const URL_TEXT = textOf(0, MAX_URL_LENGTH);
export const AMOUNT = integerFrom(0);
export const COUNT = integerFrom(1);
/** All that there is, in bytes: of none it was not read. */
export const MEMORY = integerFrom(1);
export const GPU_INDEX = integerFrom(0, MAX_GPUS - 1);
export const PORT = integerFrom(1, MAX_PORT);
export const PERCENT = typeOf(
  "must be a number from 0",
  (message) => z.number(message).min(0, message),
  (value): value is number => Number.isFinite(value) && (value as number) >= 0,
);
export const NUMBER = typeOf(
  "must be a number",
  (message) => z.number(message),
  (value): value is number => Number.isFinite(value),
);
export const FLAG = typeOf(
  "must be true or false",
  (message) => z.boolean(message),
  (value) => typeof value === "boolean",
);
export const REACH = typeOf(
  `must be one of ${REACHES.join(", ")}`,
  (message) => z.enum(REACHES, message),
  (value): value is Reach => REACHES.includes(value as Reach),
);
export const INDEXES = typeOf<readonly number[]>(
  "must be a list of integers from 0",
  (message) => z.array(AMOUNT.schema, message),
  (value): value is readonly number[] => Array.isArray(value) && value.every(AMOUNT.is),
);

/** Takes the fields of one heartbeat as they are where they keep their rule, and notes what cannot be used. */
export class BeatFields {
  #unusable: Map<string, UnusablePart> | undefined;

  /** null where it is absent or breaks its rule. */
  usable<Value>(value: unknown, type: FieldType<Value>, field: string): Value | null {
    if (value === undefined || value === null) return null;
    if (type.is(value)) return value;
    this.note("field", field, type.rule, value);
    return null;
  }

  /** Whether what must be there is: without it the whole `part` cannot be used. */
  has<Value>(value: unknown, type: FieldType<Value>, field: string, part: Part): value is Value {
    if (type.is(value)) return true;
    this.note(part, field, type.rule, value);
    return false;
  }

  /** The usable entries of a list that may be absent; null where there is no list. Each is read beside those before it. */
  list<Entry>(
    value: unknown,
    field: string,
    read: (entry: unknown, before: readonly Entry[]) => Entry | undefined,
  ): Entry[] | null {
    if (value === undefined || value === null) return null;
    if (!Array.isArray(value)) {
      this.note("field", field, "must be a list", value);
      return null;
    }
    const entries: Entry[] = [];
    for (const item of value as unknown[]) {
      const entry = read(item, entries);
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  }

  /** In milliseconds since 1970. */
  time(value: unknown, field: string): number | null {
    if (value === undefined || value === null) return null;
    const timeMs = typeof value === "string" ? parseTime(value) : undefined;
    if (timeMs === undefined) this.note("field", field, TIME_RULE, value);
    return timeMs ?? null;
  }

  note(part: Part, field: string, problem: string, value: unknown): void {
    this.#unusable ??= new Map();
    const before = this.#unusable.get(field);
    const times = (before?.times ?? 0) + 1;
    this.#unusable.set(field, { part, field, problem: before?.problem ?? problem + got(value), times });
  }

  get unusable(): readonly UnusablePart[] {
    return this.#unusable === undefined ? NOTHING : [...this.#unusable.values()];
  }
}

const NOTHING: readonly UnusablePart[] = [];
