import { rule } from "@repo/hive-catalog/record";
import * as z from "zod";
import type { Part, UnusablePart } from "../../fleet/workers/heartbeat.ts";
import { REACHES, type Reach } from "../../fleet/workers/worker.ts";
import { got } from "../field-problems.ts";
import { parseTime, TIME_RULE } from "../times.ts";

/**
 * What fields of one kind must be: `schema` says it to the readers of the API's document, `is` holds each heartbeat to it. zod took a sixth of the
 * queen's time under load, and more in garbage.
 */
interface Kind<Value> {
  readonly rule: string;
  readonly schema: z.ZodType<Value>;
  readonly is: (value: unknown) => value is Value;
}

const MAX_TEXT_LENGTH = 256;
const MAX_URL_LENGTH = 2048;
const MAX_PORT = 65_535;
/** More than any host has: what a hive makes up stays few, in each beat and over all of them. */
const MAX_GPUS = 64;

const isText = (value: unknown, maxLength = MAX_TEXT_LENGTH): value is string =>
  typeof value === "string" && value.length <= maxLength;
const isInteger = (value: unknown, min: number, max: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;

function textOf(minLength: number, maxLength: number): Kind<string> {
  const text = `must be text of ${minLength === 0 ? "at most" : `${minLength} to`} ${maxLength} characters`;
  return {
    rule: text,
    schema: z.string(rule(text)).min(minLength, rule(text)).max(maxLength, rule(text)),
    is: (value): value is string => isText(value, maxLength) && value.length >= minLength,
  };
}

function integerFrom(min: number, max = Number.MAX_SAFE_INTEGER): Kind<number> {
  const text = `must be an integer from ${min} to ${max}`;
  return {
    rule: text,
    schema: z.int(rule(text)).min(min, rule(text)).max(max, rule(text)),
    is: (value): value is number => isInteger(value, min, max),
  };
}

export const TEXT = textOf(0, MAX_TEXT_LENGTH);
export const NAME = textOf(1, MAX_TEXT_LENGTH);
export const URL_TEXT = textOf(0, MAX_URL_LENGTH);
export const AMOUNT = integerFrom(0);
export const COUNT = integerFrom(1);
export const GPU_INDEX = integerFrom(0, MAX_GPUS - 1);
export const PORT = integerFrom(1, MAX_PORT);

const PERCENT_RULE = "must be a number from 0";
export const PERCENT: Kind<number> = {
  rule: PERCENT_RULE,
  schema: z.number(rule(PERCENT_RULE)).min(0, rule(PERCENT_RULE)),
  is: (value): value is number => Number.isFinite(value) && (value as number) >= 0,
};

const NUMBER_RULE = "must be a number";
export const NUMBER: Kind<number> = {
  rule: NUMBER_RULE,
  schema: z.number(rule(NUMBER_RULE)),
  is: (value): value is number => Number.isFinite(value),
};

const FLAG_RULE = "must be true or false";
export const FLAG: Kind<boolean> = {
  rule: FLAG_RULE,
  schema: z.boolean(rule(FLAG_RULE)),
  is: (value): value is boolean => typeof value === "boolean",
};

const REACH_RULE = `must be one of ${REACHES.join(", ")}`;
export const REACH: Kind<Reach> = {
  rule: REACH_RULE,
  schema: z.enum(REACHES, rule(REACH_RULE)),
  is: (value): value is Reach => REACHES.includes(value as Reach),
};

const INDEXES_RULE = "must be a list of integers from 0";
export const INDEXES: Kind<readonly number[]> = {
  rule: INDEXES_RULE,
  schema: z.array(AMOUNT.schema, rule(INDEXES_RULE)),
  is: (value): value is readonly number[] => Array.isArray(value) && value.every(AMOUNT.is),
};

/** Takes the fields of one heartbeat as they are where they keep their rule, and notes what cannot be used. */
export class BeatFields {
  #unusable: Map<string, UnusablePart> | undefined;

  /** null where it is absent or breaks its rule. */
  usable<Value>(value: unknown, kind: Kind<Value>, field: string): Value | null {
    if (value === undefined || value === null) return null;
    if (kind.is(value)) return value;
    this.note("field", field, kind.rule, value);
    return null;
  }

  /** Whether what must be there is: without it the whole `part` cannot be used. */
  has<Value>(value: unknown, kind: Kind<Value>, field: string, part: Part): value is Value {
    if (kind.is(value)) return true;
    this.note(part, field, kind.rule, value);
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

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
