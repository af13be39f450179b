import { CpuDevice, GpuDevice } from "@repo/device-types";
import { type FieldProblem, NewHive } from "@repo/hive-catalog";
import type { z } from "zod";

export type { FieldProblem };

const toSnakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The fields whose names differ inside and outside the process. */
const FIELD_NAMES = [NewHive, CpuDevice, GpuDevice]
  .flatMap((schema) => Object.keys(schema.shape))
  .filter((name) => /[A-Z]/.test(name));
const FIELD_NAME = new RegExp(`\\b(?:${FIELD_NAMES.join("|")})\\b`, "g");

/** Names the fields in `text` as they are named outside the process: `sshPort` becomes `ssh_port`. */
export const withJsonNames = (text: string): string => text.replace(FIELD_NAME, toSnakeCase);

/** One problem for each rule that was broken; `field` is a path in snake_case, "" when the whole value is meant. */
export function fieldProblems(error: z.core.$ZodError): FieldProblem[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({ field: [...issue.path, key].join("."), message: "is not a known field" }));
    }
    return [{ field: withJsonNames(issue.path.join(".")), message: withJsonNames(issue.message) }];
  });
}

/** "port: Too small: expected number to be >=1; host: …" */
export const describe = (problems: readonly FieldProblem[]): string =>
  problems.map(({ field, message }) => (field === "" ? message : `${field}: ${message}`)).join("; ");
