import type { HiveCatalog, HiveRecord } from "@repo/hive-catalog";
import { hiveNotFound } from "../process/errors.ts";

/** Throws HIVE_NOT_FOUND. */
export async function readHive(id: string, { catalog }: { readonly catalog: HiveCatalog }): Promise<HiveRecord> {
  const hive = await catalog.getHive(id);
  if (hive === undefined) throw hiveNotFound(id);
  return hive;
}
