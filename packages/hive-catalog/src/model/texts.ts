import { z } from "zod";
import { field, isKey, oneOf, rule, type Stored, text } from "./fields.ts";

/** A column of text under a rule of input that is told in one sentence. What was stored under another rule is read as it is. */
function textField<const Column extends string, Rule extends z.ZodType>(
  column: Column,
  sentence: string,
  build: (saying: ReturnType<typeof rule>) => Rule,
) {
  return field(column, text, build(rule(sentence)));
}

/** The id of a token or an operation. */
export function recordId<const Column extends string>(column: Column) {
  return textField(column, "must be 1 to 128 letters, digits, dots, underscores or hyphens", (saying) =>
    z.string(saying).regex(/^[A-Za-z0-9._-]{1,128}$/, saying),
  );
}

/** A hive that is there, whatever its id looks like: of one that is not, nothing is stored. */
export function ofHive<const Column extends string>(column: Column) {
  return textField(column, "must be the id of a hive", (saying) => z.string(saying).refine(isKey, saying));
}

/** A text of one line, which can stand in a log or a terminal as it is: nothing in it ends the line or turns its direction. */
export function line<const Column extends string>(column: Column, maxLength: number) {
  return textField(column, `must be 1 to ${maxLength} characters on one line`, (saying) =>
    z
      .string(saying)
      .max(maxLength, saying)
      .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]+$/u, saying),
  );
}

/** What must be so, or it is of no use: held to its pattern when it is read, too. */
export function matching<const Column extends string>(column: Column, sentence: string, pattern: RegExp) {
  const stored = { type: "text", sentence, isSound: (held: unknown) => pattern.test(String(held)) } as const;
  const saying = rule(sentence);
  return field(column, stored satisfies Stored, z.string(saying).regex(pattern, saying));
}

/** Any text. What no database holds in one, NUL and halves of characters, becomes U+FFFD. */
export function anyText<const Column extends string>(column: Column, maxLength: number) {
  return textField(column, `must be a text of at most ${maxLength} characters`, (saying) =>
    z
      .string(saying)
      .max(maxLength, saying)
      .overwrite((value) => value.replaceAll(/[\0\p{Cs}]/gu, "\uFFFD")),
  );
}

export function choice<const Column extends string, const Choices extends readonly [string, ...string[]]>(
  column: Column,
  choices: Choices,
) {
  return field(column, oneOf(choices), z.enum(choices, `must be one of ${choices.join(", ")}`));
}
