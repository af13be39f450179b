import { CpuDevice, GpuDevice } from "@repo/device-types";
import { type FieldProblem, NewHive, NewToken } from "@repo/hive-catalog";
import type * as z from "zod";

const toSnakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The fields whose names differ inside and outside the process. */
const FIELD_NAMES = [NewHive, NewToken, CpuDevice, GpuDevice]
  .flatMap((schema) => Object.keys(schema.shape))
  .filter((name) => /[A-Z]/.test(name));
const FIELD_NAME = new RegExp(`\\b(?:${FIELD_NAMES.join("|")})\\b`, "g");

/** Names the fields in `text` as they are named outside the process: `sshPort` becomes `ssh_port`. */
export const withJsonNames = (text: string): string => text.replace(FIELD_NAME, toSnakeCase);

/** Whoever mends so many asks again. */
export const MAX_PROBLEMS = 20;

/**
 * One problem for each rule that was broken, and no more than MAX_PROBLEMS; `field` is a path in snake_case, "body" when the whole value is meant.
 * `unknown` is what is said of a field that there is not.
 */
export function fieldProblems(error: z.core.$ZodError, unknown = "is not a known field"): FieldProblem[] {
  // A rule that broke at several levels is told once.
  const problems = new Map<string, FieldProblem>();
  for (const issue of error.issues) {
    for (const problem of problemsOf(issue, unknown)) {
      problems.set(`${problem.field} ${problem.message}`, problem);
      if (problems.size === MAX_PROBLEMS) return [...problems.values()];
    }
  }
  return [...problems.values()];
}

function problemsOf(issue: z.core.$ZodIssue, unknown: string): FieldProblem[] {
  if (issue.code === "unrecognized_keys") {
    const keys = issue.keys.slice(0, MAX_PROBLEMS);
    return keys.map((key) => ({ field: [...issue.path, key].join("."), message: unknown }));
  }
  const path = issue.path.join(".");
  // Keys of labels are their callers' own.
  const field = (issue.path[0] === "labels" ? path : withJsonNames(path)) || "body";
  return [{ field, message: withJsonNames(issue.message) + got(issue.input) }];
}

const MAX_SHOWN = 80;

/** ", got 8600.5": the end of a message, with what arrived as JSON; "" for undefined. */
export function got(value: unknown): string {
  if (value === undefined) return "";
  const text = beginning(value);
  return `, got ${text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 1)}…` : text}`;
}

/** As JSON, with no more written than is shown: the value may be a megabyte. */
function beginning(value: unknown): string {
  let parts = 0;
  return JSON.stringify(value, (_key, part: unknown) => {
    parts += 1;
    if (parts > MAX_SHOWN) return null;
    return typeof part === "string" ? part.slice(0, MAX_SHOWN) : part;
  });
}

/** "port: must be an integer from 1 to 65535, got 0; host: …" */
export const describe = (problems: readonly FieldProblem[]): string =>
  problems.map(({ field, message }) => `${field}: ${message}`).join("; ");
