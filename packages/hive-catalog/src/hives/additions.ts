import type { CallClient, SqlResult, SqlStatement } from "../drivers/client.ts";
import { HiveCatalogError } from "../errors.ts";
import { checkHive, invalidArgument } from "../model/check.ts";
import { type HiveRecord, NewHive, newHiveRecord, SSH_FIELDS } from "../model/hive.ts";
import { belongingsOfNew } from "../traits/belongings.ts";
import { readHive } from "./reader.ts";
import * as statements from "./statements.ts";
import { columnsOf } from "./writer.ts";

/** In one transaction, which holds the event loop for some milliseconds. */
const MAX_HIVES = 32;

type Addition = {
  readonly record: HiveRecord;
  /** The last one adds the hive itself. */
  readonly changes: readonly SqlStatement[];
};

export async function addHive(client: CallClient, hive: NewHive, nowMs: number): Promise<HiveRecord> {
  const { record, changes } = additionOf(hive, nowMs);
  return stored(client, record, (await client.batch(changes, { isRepeatable: true })).at(-1));
}

/** Each as it is stored, or why it is not, in their order: all in one transaction. */
export async function addHives(
  client: CallClient,
  hives: readonly NewHive[],
  nowMs: number,
): Promise<(HiveRecord | HiveCatalogError)[]> {
  if (!Array.isArray(hives) || hives.length > MAX_HIVES) {
    throw invalidArgument("hives", `must be a list of at most ${MAX_HIVES} hives`);
  }
  const ids = new Set<string>();
  const outcomes = new Array<HiveRecord | HiveCatalogError>(hives.length);
  const additions: (Addition & { position: number })[] = [];
  for (const [position, hive] of hives.entries()) {
    try {
      const addition = additionOf(hive, nowMs);
      if (ids.has(addition.record.id)) throw alreadyThere(addition.record.id);
      ids.add(addition.record.id);
      additions.push({ ...addition, position });
    } catch (error) {
      outcomes[position] = refusal(error);
    }
  }
  if (additions.length === 0) return outcomes;
  const changes = additions.flatMap((addition) => addition.changes);
  let results = await client.batch(changes, { isRepeatable: true });
  for (const { record, changes, position } of additions) {
    outcomes[position] = await stored(client, record, results[changes.length - 1]).catch(refusal);
    results = results.slice(changes.length);
  }
  return outcomes;
}

/** What is about one hive alone, and keeps none of the others back. Throws all else. */
function refusal(error: unknown): HiveCatalogError {
  if (error instanceof HiveCatalogError) return error;
  throw error;
}

function additionOf(hive: NewHive, nowMs: number): Addition {
  const checked = checkHive(NewHive, hive);
  const record = newHiveRecord(checked, nowMs);
  const row = columnsOf(record);
  const devices = { devices: record.devices, devicesJson: row.devices };
  const belongings = belongingsOfNew(record.id, { labels: checked.labels ?? {}, devices });
  return { record, changes: [...belongings, statements.addHive(row)] };
}

/** The record, once `result` shows that it is there; throws HIVE_ALREADY_EXISTS. */
async function stored(client: CallClient, record: HiveRecord, result: SqlResult | undefined): Promise<HiveRecord> {
  if ((result?.rowsAffected ?? 0) > 0) return record;
  const own = result?.isRepeat ? await ownRow(client, record) : undefined;
  if (own) return own;
  throw alreadyThere(record.id);
}

/** The row that an earlier attempt of the same add stored: nobody else added this hive with this address at that time. */
async function ownRow(client: CallClient, added: HiveRecord): Promise<HiveRecord | undefined> {
  const found = await readHive(client, added.id);
  const isOwn = (name: keyof HiveRecord) => found?.[name] === added[name];
  return (["host", "port", ...SSH_FIELDS, "createdAtMs"] as const).every(isOwn) ? found : undefined;
}

function alreadyThere(id: string): HiveCatalogError {
  return new HiveCatalogError("HIVE_ALREADY_EXISTS", `there is a hive '${id}' in the catalog already`, { hiveId: id });
}
