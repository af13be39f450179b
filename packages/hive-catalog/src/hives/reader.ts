import { tell } from "../calls.ts";
import type { CallClient, SqlValue } from "../drivers/client.ts";
import { checkFunction, checkInteger, invalidArgument, isKey } from "../model/check.ts";
import type { HiveRecord } from "../model/hive.ts";
import type { DamagedHive, DamagedRecord, ListOptions } from "../options.ts";
import { type Finder, type OnDamage, pages, readOne } from "../sql/reading.ts";
import { hiveExists, hiveOfId, hiveReader } from "./statements.ts";

/** The hive, or undefined. Throws CORRUPT_HIVE. */
export async function readHive(client: CallClient, id: string): Promise<HiveRecord | undefined> {
  return isKey(id) ? readOne(client, hiveOfId, { id }) : undefined;
}

export async function isThere(client: CallClient, id: string): Promise<boolean> {
  return isKey(id) && (await client.first(hiveExists({ id }))) !== undefined;
}

/** The columns of a stored hive that are sound, damaged as others may be. */
export async function soundValues(client: CallClient, id: string) {
  const row = await client.first(hiveOfId.query({ id }));
  return row && hiveReader.found(row)[0]?.values;
}

type Paging = {
  pageSize?: number /** Of the hive `after`, for finders that are in this order. */;
  lastHeartbeatMs?: number;
};

/** The sound hives that a finder finds, in batches; each damaged one is told, by default to `onDamage`. Throws INVALID_ARGUMENT. */
export function hivePages<V extends Record<string, SqlValue>>(
  client: CallClient,
  finder: Finder<HiveRecord, V>,
  values: V,
  { limit, after, onCorruptHive, pageSize, lastHeartbeatMs = 0 }: ListOptions & Paging,
  onDamage: OnDamage,
): AsyncGenerator<HiveRecord[]> {
  if (limit !== undefined) checkInteger("limit", limit, 1);
  if (after !== undefined && !isKey(after)) throw invalidArgument("after", "must be the id of a hive");
  checkFunction("onCorruptHive", onCorruptHive);
  const place = after === undefined ? undefined : { id: after, lastHeartbeatMs };
  const onFound = onCorruptHive ? tellingOf(onCorruptHive) : onDamage;
  return pages(client, finder, values, { limit, after: place, pageSize, onDamage: onFound });
}

export function tellingOf(onCorruptHive: (damaged: DamagedHive) => unknown): OnDamage {
  return (damage: readonly DamagedRecord[]) => {
    for (const { id, column, problem } of damage) tell(onCorruptHive, { id, column, problem });
  };
}
