import { z } from "zod";
import { rule } from "./record.ts";

const RECORD_ID = rule("must be 1 to 128 letters, digits, dots, underscores or hyphens");

/** The id of a token or an operation. */
export const recordId = z.string(RECORD_ID).regex(/^[A-Za-z0-9._-]{1,128}$/, RECORD_ID);

/** A text of one line, which can stand in a log or a terminal as it is. */
export function line(maxLength: number) {
  const text = rule(`must be 1 to ${maxLength} characters on one line`);
  return z
    .string(text)
    .max(maxLength, text)
    .regex(/^[^\p{Cc}\p{Cs}]+$/u, text);
}

/** Any text. What no database holds in one, NUL and halves of characters, becomes U+FFFD. */
export function text(maxLength: number) {
  const most = rule(`must be a text of at most ${maxLength} characters`);
  return z
    .string(most)
    .max(maxLength, most)
    .overwrite((value) => value.replaceAll(/[\0\p{Cs}]/gu, "\uFFFD"));
}

/** One of a closed list. */
export function choice<const Choices extends readonly [string, ...string[]]>(choices: Choices) {
  return z.enum(choices, `must be one of ${choices.join(", ")}`);
}
