import * as z from "zod";
import { field, isKey, oneOf, rule, type Stored, text } from "./fields.ts";

const RECORD_ID = rule("must be 1 to 128 letters, digits, dots, underscores or hyphens");
const recordIdRule = z.string(RECORD_ID).regex(/^[A-Za-z0-9._-]{1,128}$/, RECORD_ID);

/** The id of a token or an operation. */
export function recordId<const Column extends string>(column: Column) {
  return field(column, text, recordIdRule);
}

/** Whether a token or an operation can have this id: reads of any other one find nothing. */
export function isRecordId(id: unknown): id is string {
  return recordIdRule.safeParse(id).success;
}

/** A hive that is there, whatever its id looks like: of one that is not, nothing is stored. */
export function ofHive<const Column extends string>(column: Column) {
  const saying = rule("must be the id of a hive");
  return field(column, text, z.string(saying).refine(isKey, saying));
}

/**
 * Without controls, ends of lines and marks that turn the direction. It stands in the description of the API, for many languages: they know these
 * numbers, and few of them the classes of Unicode that JavaScript has (Cc, Zl, Zp, Bidi_Control), or halves of characters.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
const ONE_LINE = /^[^\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+$/u;

/** A text of one line, which can stand in a log or a terminal as it is: nothing in it ends the line or turns its direction. */
export function line<const Column extends string>(column: Column, maxLength: number) {
  const saying = rule(`must be 1 to ${maxLength} characters on one line, without tabs and other control characters`);
  const isWhole = (value: string) => value.isWellFormed();
  return field(column, text, z.string(saying).max(maxLength, saying).regex(ONE_LINE, saying).refine(isWhole, saying));
}

/** What must be so, or it is of no use: held to its pattern when it is read, too. */
export function matching<const Column extends string>(column: Column, sentence: string, pattern: RegExp) {
  const stored = { type: "text", sentence, isSound: (held: unknown) => pattern.test(String(held)) } as const;
  const saying = rule(sentence);
  return field(column, stored satisfies Stored, z.string(saying).regex(pattern, saying));
}

/** Any text, which may be long. What no database holds in one, NUL and halves of characters, becomes U+FFFD. */
export function anyText<const Column extends string>(column: Column, maxLength: number) {
  const saying = rule(`must be a text of at most ${maxLength} characters`);
  const held = (value: string) => value.replaceAll(/[\0\p{Cs}]/gu, "\uFFFD");
  const stored = { ...text, isLong: true } as const;
  return field(column, stored satisfies Stored, z.string(saying).max(maxLength, saying).overwrite(held));
}

/** Of a secret with so many random bits that it needs no slower hash. */
export function sha256<const Column extends string>(column: Column) {
  return matching(column, "must be a SHA-256 of 64 lowercase hexadecimal digits", /^[0-9a-f]{64}$/);
}

export function choice<const Column extends string, const Choices extends readonly [string, ...string[]]>(
  column: Column,
  choices: Choices,
) {
  return field(column, oneOf(choices), z.enum(choices, `must be one of ${choices.join(", ")}`));
}
