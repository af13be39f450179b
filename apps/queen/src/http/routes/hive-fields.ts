import { isDeepStrictEqual } from "node:util";
import {
  HiveChanges,
  HiveChangesJson,
  type HiveRecord,
  type NewHive,
  newHiveRecord,
  toHiveRecordJson,
} from "@repo/hive-catalog";
import * as z from "zod";
import { withJsonNames } from "../field-problems.ts";
import { parseBody } from "../input.ts";

type Fields<Value = unknown> = Readonly<Record<string, Value>>;

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
  const json: Fields = stored ? toHiveRecordJson(stored) : {};
  const isChanged = (name: string) => stored === undefined || !isDeepStrictEqual(body[name], json[name]);
  const changed = pick(body, isChanged);
  parseBody(z.strictObject(pick(rules.shape, isChanged)), changed, "INVALID_HIVE");
  const unchanged =
    stored && pick({ ...stored }, (name) => name in HiveChanges.shape && !isChanged(withJsonNames(name)));
  return { ...HiveChangesJson.parse(changed), ...unchanged };
}

/** What the queen finds out by herself. */
const OBSERVED: ReadonlySet<string> = new Set(["status", "devices"]);

/** Everything that a caller may change, as in a new hive with these fields; what the queen observes only where it is named. */
export function replacement(fields: HiveChanges): HiveChanges {
  const hive = newHiveRecord(fields as NewHive, 0);
  return pick({ ...hive }, (name) => name in HiveChanges.shape && (name in fields || !OBSERVED.has(name)));
}

const pick = <Value>(fields: Fields<Value>, isPicked: (name: string) => boolean): Record<string, Value> =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => isPicked(name)));
