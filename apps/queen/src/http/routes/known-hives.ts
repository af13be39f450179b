import type { HiveCatalog } from "@repo/hive-catalog";
import * as z from "zod";
import { invalidInput } from "../errors.ts";
import { got, MAX_PROBLEMS } from "../field-problems.ts";
import { MAX_ID_LENGTH } from "../input.ts";

const HIVE = `must be the id of a hive, of at most ${MAX_ID_LENGTH} characters`;
/** In a query that asks for what is of one hive. */
export const HiveId = z
  .string()
  .min(1, HIVE)
  .max(MAX_ID_LENGTH, HIVE)
  .refine((id) => !id.includes("\0"), HIVE);

/** Those of these hives that are not in the catalog. */
export async function missingHives(ids: readonly string[], catalog: HiveCatalog): Promise<string[]> {
  const areThere = await Promise.all(ids.map((id) => catalog.hiveExists(id)));
  return ids.filter((_, index) => !areThere[index]);
}

/** Throws a Problem where there are any: of what is not there nothing can be told, which looks like nothing having happened. */
export function refuseHives(field: string, missing: readonly string[]): void {
  const errors = missing.map((id) => ({ field, message: `is not in the catalog${got(id)}` }));
  if (errors.length > 0) throw invalidInput("INVALID_ARGUMENT", errors.slice(0, MAX_PROBLEMS));
}
