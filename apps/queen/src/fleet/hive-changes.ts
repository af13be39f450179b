import type { HiveCatalog, HiveChanges, HiveRecord, Labels, PatchOptions } from "@repo/hive-catalog";
import type { Fleet } from "./fleet.ts";

interface Parts {
  catalog: HiveCatalog;
  fleet: Fleet;
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
