import { CpuDevice, GpuDevice } from "@repo/device-types";
import { type FieldProblem, NewHive } from "@repo/hive-catalog";
import type * as z from "zod";

export type { FieldProblem };

const toSnakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The fields whose names differ inside and outside the process. */
const FIELD_NAMES = [NewHive, CpuDevice, GpuDevice]
  .flatMap((schema) => Object.keys(schema.shape))
  .filter((name) => /[A-Z]/.test(name));
const FIELD_NAME = new RegExp(`\\b(?:${FIELD_NAMES.join("|")})\\b`, "g");

/** Names the fields in `text` as they are named outside the process: `sshPort` becomes `ssh_port`. */
export const withJsonNames = (text: string): string => text.replace(FIELD_NAME, toSnakeCase);

/** One problem for each rule that was broken; `field` is a path in snake_case, "body" when the whole value is meant. `thing` is what a field is called. */
export function fieldProblems(error: z.core.$ZodError, thing = "field"): FieldProblem[] {
  const problems = error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({ field: [...issue.path, key].join("."), message: `is not a known ${thing}` }));
    }
    const field = withJsonNames(issue.path.join(".")) || "body";
    return [{ field, message: withJsonNames(issue.message) + got(issue.input) }];
  });
  // A rule that broke at several steps is told once.
  return [...new Map(problems.map((problem) => [`${problem.field} ${problem.message}`, problem])).values()];
}

const MAX_SHOWN = 80;

/** ", got 8600.5": the end of a message, with what arrived as JSON; "" for undefined. */
export function got(value: unknown): string {
  if (value === undefined) return "";
  const text = asJson(value);
  return `, got ${text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 1)}…` : text}`;
}

/** What could be parsed may still be nested too deeply to be written. */
function asJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return "a value that is nested too deeply to show";
  }
}

/** "port: must be an integer from 1 to 65535, got 0; host: …" */
export const describe = (problems: readonly FieldProblem[]): string =>
  problems.map(({ field, message }) => `${field}: ${message}`).join("; ");
