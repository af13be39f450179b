import type { HiveCatalog, HiveChanges, HiveRecord, Labels, PatchOptions } from "@repo/hive-catalog";
import type { Clock } from "../process/clock.ts";
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
  { catalog, fleet, clock }: Parts & { readonly clock: Clock },
  options?: PatchOptions,
): Promise<Labelled> {
  const sight = fleet.sight(id);
  const hive = await catalog.patchHive(id, changes, options);
  // Of several changes the last one that comes here need not be the last one that was stored: the hive is learned as it is now.
  const readAtMs = clock.monotonicNow();
  const [now, { labels }] = await Promise.all([catalog.getHive(id), withLabels(hive, { catalog })]);
  const isGone = now === undefined || (sight !== undefined && fleet.sight(id) !== sight);
  const fields = Object.keys(changes);
  if (isGone || fields.length === 0) return { hive, labels };
  if (fields.some((field) => field !== "status")) fleet.edited(now, labels, readAtMs);
  else fleet.written(now, readAtMs);
  return { hive, labels };
}
