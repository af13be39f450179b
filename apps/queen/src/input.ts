import { HIVE_ID_PATTERN } from "@repo/hive-catalog/record";
import type { z } from "zod";
import { hiveNotFound, invalidInput, invalidJson } from "./errors.ts";

/** Reads a JSON body; throws a Problem that names each wrong field. */
export function parseBody<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
  code: "INVALID_HIVE" | "INVALID_ARGUMENT",
): z.output<Schema> {
  if (body === undefined) throw invalidJson("A JSON body is expected, but there is none");
  return parse(schema, body, code);
}

/** Reads the query string; throws a Problem that names each wrong parameter. */
export const parseQuery = <Schema extends z.ZodType>(schema: Schema, query: unknown): z.output<Schema> =>
  parse(schema, query, "INVALID_ARGUMENT");

function parse<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  code: "INVALID_HIVE" | "INVALID_ARGUMENT",
): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw invalidInput(code, parsed.error);
  return parsed.data;
}

/** Path parameters of the routes of one hive. */
export interface HivePath {
  Params: { id: string };
}

/** The id in the path; throws HIVE_NOT_FOUND for one that no hive can have. */
export function pathId({ params }: { params: HivePath["Params"] }): string {
  if (!HIVE_ID_PATTERN.test(params.id)) throw hiveNotFound(params.id);
  return params.id;
}
