import type { HiveCatalog, HiveChanges, HiveRecord, Labels, PatchOptions } from "@repo/hive-catalog";
import { hiveNotFound } from "../process/errors.ts";
import type { Fleet } from "./fleet.ts";

interface Parts {
  catalog: HiveCatalog;
  fleet: Fleet;
}

/** Throws HIVE_NOT_FOUND. */
export async function readHive(id: string, { catalog }: Pick<Parts, "catalog">): Promise<HiveRecord> {
  const hive = await catalog.getHive(id);
  if (hive === undefined) throw hiveNotFound(id);
  return hive;
}

interface Labelled {
  readonly hive: HiveRecord;
  /** All that it has. */
  readonly labels: Labels;
}

export async function withLabels(hive: HiveRecord, { catalog }: Pick<Parts, "catalog">): Promise<Labelled> {
  return { hive, labels: (await catalog.labels.ofHives([hive.id])).get(hive.id) ?? {} };
}

/** Changes a hive for a caller, and resolves to it as it is then. Throws HiveCatalogError. */
export async function changeHive(
  id: string,
  changes: HiveChanges,
  { catalog, fleet }: Parts,
  options?: PatchOptions,
): Promise<Labelled> {
  const changed = await withLabels(await catalog.patchHive(id, changes, options), { catalog });
  const fields = Object.keys(changes);
  if (fields.some((field) => field !== "status")) fleet.edited(changed.hive, changed.labels);
  else if (fields.length > 0) fleet.written(changed.hive);
  return changed;
}
