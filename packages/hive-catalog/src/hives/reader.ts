import { tell } from "../calls.ts";
import type { CallClient, SqlValue } from "../drivers/client.ts";
import { inBatches } from "../event-loop.ts";
import { checkChoice, checkFunction, checkInteger, invalidArgument, isKey } from "../model/check.ts";
import { HIVE_STATUSES, type HiveRecord, type HiveStatus } from "../model/hive.ts";
import type { DamagedHive, DamagedRecord, GetOptions, ListOptions, StaleOptions } from "../options.ts";
import { collect, type Finder, type OnDamage, pages, readOne } from "../sql/reading.ts";
import { countIn } from "../sql/statement.ts";
import { allIds, countWithStatus, hiveOfId, hiveReader, hivesOfIds, staleHives } from "./statements.ts";

/** Hives that a stream holds at once, if nobody says otherwise. */
export const DEFAULT_STREAM_PAGE = 250;

/** The hive, or undefined. Throws CORRUPT_HIVE. */
export async function readHive(client: CallClient, id: string): Promise<HiveRecord | undefined> {
  return isKey(id) ? readOne(client, hiveOfId, { id }) : undefined;
}

/** The ids of hives, in order; one that is no text is told. Throws INVALID_ARGUMENT. */
export async function listIds(client: CallClient, options: ListOptions, onDamage: OnDamage): Promise<string[]> {
  return (await collect(hivePages(client, allIds, {}, options, onDamage))).map(({ id }) => id);
}

/** Ids that one call takes. */
const MAX_IDS = 1000;

/** Those of the hives that are there, by id, in batches. Throws INVALID_ARGUMENT. */
export async function* hivesWithIds(
  client: CallClient,
  ids: readonly string[],
  { onCorruptHive }: GetOptions,
  onDamage: OnDamage,
): AsyncGenerator<HiveRecord[]> {
  if (!Array.isArray(ids) || ids.length > MAX_IDS) {
    throw invalidArgument("ids", `must be a list of at most ${MAX_IDS} ids`);
  }
  const keys = [...new Set(ids.filter(isKey))].sort();
  for await (const some of inBatches(keys, DEFAULT_STREAM_PAGE)) {
    const paging = { limit: some.length, onCorruptHive };
    yield* hivePages(client, hivesOfIds, { ids: JSON.stringify(some) }, paging, onDamage);
  }
}

/** The columns of a stored hive that are sound, damaged as others may be. */
export async function soundValues(client: CallClient, id: string) {
  const row = await client.first(hiveOfId.query({ id }));
  return row && hiveReader.found(row)[0]?.values;
}

/** `lastHeartbeatMs` is of the hive `after`, for finders that are in this order. */
type Paging = ListOptions & { lastHeartbeatMs?: number };

/** The sound hives that a finder finds, in batches; each damaged one is told, by default to `onDamage`. Throws INVALID_ARGUMENT. */
export function hivePages<V extends Record<string, SqlValue>, Rec = HiveRecord>(
  client: CallClient,
  finder: Finder<Rec, V>,
  values: V,
  { limit, after, onCorruptHive, lastHeartbeatMs = 0 }: Paging,
  onDamage: OnDamage,
): AsyncGenerator<Rec[]> {
  if (limit !== undefined) checkInteger("limit", limit, 1);
  if (after !== undefined && !isKey(after)) throw invalidArgument("after", "must be the id of a hive");
  checkFunction("onCorruptHive", onCorruptHive);
  const place = after === undefined ? undefined : { id: after, lastHeartbeatMs };
  const onFound = onCorruptHive ? tellingOf(onCorruptHive) : onDamage;
  return pages(client, finder, values, { limit, after: place, onDamage: onFound });
}

/** Hives whose last beat is older than that, the oldest first. Throws INVALID_ARGUMENT. */
export function stalePages(
  client: CallClient,
  { maxAgeMs, nowMs }: { maxAgeMs: number; nowMs: number },
  { after, ...page }: StaleOptions,
  onDamage: OnDamage,
): AsyncGenerator<HiveRecord[]> {
  checkInteger("maxAgeMs", maxAgeMs, 0);
  if (after !== undefined && !(isKey(after?.id) && Number.isSafeInteger(after.lastHeartbeatMs))) {
    throw invalidArgument("after", "must be the last record of the page before: its id and its lastHeartbeatMs");
  }
  const place = { after: after?.id, lastHeartbeatMs: after?.lastHeartbeatMs ?? 0 };
  return hivePages(client, staleHives, { beforeMs: nowMs - maxAgeMs }, { ...page, ...place }, onDamage);
}

/** Throws INVALID_ARGUMENT. */
export async function countByStatus(client: CallClient, status: HiveStatus): Promise<number> {
  return countIn(await client.first(countWithStatus({ status: checkStatus(status) })));
}

/** Throws INVALID_ARGUMENT. */
export function checkStatus(status: HiveStatus): HiveStatus {
  checkChoice("status", status, HIVE_STATUSES);
  return status;
}

export function tellingOf(onCorruptHive: (damaged: DamagedHive) => unknown): OnDamage {
  return (damage: readonly DamagedRecord[]) => {
    for (const { id, column, problem } of damage) tell(onCorruptHive, { id, column, problem });
  };
}
