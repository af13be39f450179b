import { isDeepStrictEqual } from "node:util";
import { HiveChanges, HiveChangesJson, type HiveRecord, toHiveRecordJson } from "@repo/hive-catalog";
import { z } from "zod";
import { withJsonNames } from "../field-problems.ts";
import { parseBody } from "../input.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What a caller may change: the names in JSON, and those in the record. */
const NAMES = new Map(
  Object.keys(HiveChanges.shape).map((name) => [withJsonNames(name), name as keyof HiveChanges] as const),
);

/**
 * The fields of a hive that is there, in a body that `rules` describe; throws a Problem that names each wrong one. As in the catalog, what
 * is sent back as it is stored is held to no rule: the record is read when a body breaks one.
 */
export async function parseHiveFields(
  rules: z.ZodObject,
  body: Fields,
  readStored: () => Promise<HiveRecord | undefined>,
): Promise<HiveChanges> {
  const stored = rules.safeParse(body).success ? undefined : await readStored();
  const unchanged = stored === undefined ? [] : unchangedIn(body, stored);
  const rest = without(body, unchanged);
  parseBody(z.strictObject(without(rules.shape, unchanged)), rest, "INVALID_HIVE");
  return { ...HiveChangesJson.parse(rest), ...(stored && fieldsOf(stored, unchanged)) };
}

/** The names of the fields that are in the body as they are in the record. */
function unchangedIn(body: Fields, stored: HiveRecord): string[] {
  const json: Fields = toHiveRecordJson(stored);
  return [...NAMES.keys()].filter((name) => isDeepStrictEqual(body[name], json[name]));
}

function without<Value>(fields: Readonly<Record<string, Value>>, names: readonly string[]): Record<string, Value> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

function fieldsOf(stored: HiveRecord, names: readonly string[]): HiveChanges {
  return Object.fromEntries(
    [...NAMES].filter(([json]) => names.includes(json)).map(([, name]) => [name, stored[name]]),
  );
}
