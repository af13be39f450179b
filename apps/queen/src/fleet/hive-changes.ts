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
export function changeHive(
  id: string,
  changes: HiveChanges,
  { catalog, fleet }: Parts,
  options?: PatchOptions,
): Promise<Labelled> {
  return fleet.turns.take(id, async () => {
    const { statusChangedAtMs } = fleet.sight(id) ?? {};
    const changed = await withLabels(await catalog.patchHive(id, changes, options), { catalog });
    const fields = Object.keys(changes);
    const saysStatus = fields.includes("status");
    // Where the queen herself wrote one meanwhile, nobody knows which is stored: the next sign of the hive has it read.
    const isUnsure = saysStatus && fleet.sight(id)?.statusChangedAtMs !== statusChangedAtMs;
    if (isUnsure) fleet.unsure(id);
    const isOfStatusAlone = saysStatus && fields.length === 1;
    if (isOfStatusAlone && !isUnsure) fleet.written(changed.hive);
    else if (fields.length > 0) fleet.edited(changed.hive, changed.labels, saysStatus && !isUnsure);
    return changed;
  });
}
