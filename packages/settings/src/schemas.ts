import * as z from "zod";

/** A whole number; `what` says what it is, as in "a whole number of milliseconds". */
export function wholeNumber(min: number, max: number, what?: string) {
  const range = `from ${min} to ${max}`;
  const rule = what === undefined ? `must be an integer ${range}` : `must be ${what}, ${range}`;
  return z
    .string()
    .regex(/^\d{1,10}$/, { error: rule, abort: true })
    .transform(Number)
    .refine((value) => value >= min && value <= max, rule);
}

export const oneOf = <const Choices extends readonly string[]>(choices: Choices) =>
  z.enum(choices, `must be one of ${choices.join(", ")}`);

export const trueOrFalse = z.enum(["true", "false"], "must be true or false").transform((text) => text === "true");

/** The levels of pino. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
