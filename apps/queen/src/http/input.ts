import * as z from "zod";
import { type InvalidInput, invalidInput, invalidJson } from "./errors.ts";
import { fieldProblems, got } from "./field-problems.ts";

/** Reads a JSON body; throws a Problem that names each wrong field. */
export function parseBody<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
  code: InvalidInput,
): z.output<Schema> {
  return parse(schema, checkObject(body, code), code);
}

/** A JSON body that is an object; throws a Problem for any other. */
export function checkObject(body: unknown, code: InvalidInput): Record<string, unknown> {
  if (body === undefined) throw invalidJson("A JSON body is expected, but there is none");
  if (isObject(body)) return body;
  throw invalidInput(code, [{ field: "body", message: `must be a JSON object${got(body)}` }]);
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** For `transform`: what `parse` makes of a text; one of which it makes nothing breaks `rule`. */
export const readAs =
  <Value>(parse: (text: string) => Value | undefined, rule: string) =>
  (text: string, context: z.RefinementCtx): Value => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", input: text, message: rule });
    return z.NEVER;
  };

/** Reads the query string; throws a Problem that names each wrong parameter, and each that is not known: one that is ignored does not what its sender thinks. */
export function parseQuery<Schema extends z.ZodObject>(schema: Schema, query: unknown): z.output<Schema> {
  const repeated = Object.entries(query ?? {}).filter(
    ([name, value]) => Object.hasOwn(schema.shape, name) && Array.isArray(value) && !takesList(schema.shape[name]),
  );
  if (repeated.length > 0) {
    const errors = repeated.map(([field, values]) => ({ field, message: `must be given once${got(values)}` }));
    throw invalidInput("INVALID_ARGUMENT", errors);
  }
  const known = Object.keys(schema.shape).join(", ");
  const unknown = `is not a known query parameter; ${known === "" ? "there are none here" : `those are: ${known}`}`;
  return parse(schema, query, "INVALID_ARGUMENT", unknown);
}

/** Schemas of what may be given several times; `orOne`: in JSON one alone stands for a list of it. */
export const LISTS = z.registry<{ readonly orOne: boolean }>();
const takesList = (parameter: z.ZodType | undefined): boolean =>
  parameter !== undefined && LISTS.get(parameter) !== undefined;

function parse<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  code: InvalidInput,
  unknown?: string,
): z.output<Schema> {
  const parsed = schema.safeParse(input, { reportInput: true, error: sayRequired });
  if (parsed.success) return parsed.data;
  const problems = fieldProblems(parsed.error, unknown);
  throw invalidInput(
    code,
    problems.map(({ field, message }) => ({ field: placeOf(field, input), message })),
  );
}

/** One word where several may come has no place that its sender would know. */
function placeOf(field: string, input: unknown): string {
  const [, name] = /^(\w+)\.0$/.exec(field) ?? [];
  const given = name === undefined ? undefined : (input as Record<string, unknown>)[name];
  return name !== undefined && typeof given === "string" && !given.includes(",") ? name : field;
}

/** The message for a missing field whose schema has none of its own. A merge patch does not reach into `devices`. */
function sayRequired({ input, path }: z.core.$ZodRawIssue): string | undefined {
  if (input !== undefined) return undefined;
  return path?.[0] === "devices" ? "is required: devices is replaced as a whole; null clears it" : "is required";
}

/** Of the ids that are asked for, in characters: new ones are held to a narrower rule, but any text may be stored as one. */
export const MAX_ID_LENGTH = 8192;
