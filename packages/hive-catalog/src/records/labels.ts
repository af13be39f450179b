import { isUtf8 } from "node:buffer";
import { and, eq, type SQL, sql } from "drizzle-orm";
import type { CallClient, SqlRow } from "../drivers/client.ts";
import { hiveNotFound } from "../errors.ts";
import { turnOfTheLoop } from "../event-loop.ts";
import {
  checkHive,
  checkInteger,
  IdInput,
  invalidArgument,
  isKey,
  LabelChangesArgument,
  LabelsArgument,
  tooManyLabels,
} from "../model/check.ts";
import { type HiveLabel, isLabelKey, isLabelValue, type LabelChanges, type Labels } from "../model/label.ts";
import { type CallOptions, LABEL_LIST_OPTIONS, type LabelListOptions, type LabelPlacesOptions } from "../options.ts";
import { hiveLabels, hives } from "../schema.ts";
import { collect, finder, type Order, pages } from "../sql/reading.ts";
import { bytesOf } from "../sql/rows.ts";
import { build, type Given, statement } from "../sql/statement.ts";
import {
  addLabels,
  haveRoom,
  labelReader,
  labelsOf,
  MAX_HIVES_READ,
  readLabels,
  removeKeys,
  removeLabels,
} from "../traits/labels.ts";
import { Verbs } from "./verbs.ts";

/** How many hives have something: what is beyond is not counted. */
export type BoundedCount = {
  /** At most 1,000. */
  readonly count: number;
  /** Whether there are more than 1,000. */
  readonly isMore: boolean;
};

/** A key that some hives have, and its values. */
export type LabelKey = BoundedCount & {
  readonly key: string;
  /** The first 100, in order. */
  readonly values: readonly (BoundedCount & { readonly value: string })[];
  /** Whether there are more than 100. */
  readonly hasMoreValues: boolean;
};

const DEFAULT_KEYS = 100;
const MAX_KEYS = 1000;
/** Each of them is counted up to 1,000 hives. */
const KEYS_READ = 100;
const MAX_VALUES = 100;
const MAX_COUNT = 1000;

type Id = { id: string };
type Change = Id & { labels: string };

const isThere = ({ id }: Given<Id>) => sql`EXISTS (SELECT 1 FROM ${hives} WHERE ${eq(hives.id, id)})`;
const mayMerge = (given: Given<Change>): SQL => sql`${isThere(given)} AND ${haveRoom(given)}`;
const touch = (given: Given<Id & { nowMs: number }>, where?: SQL) =>
  build
    .update(hives)
    .set({ updatedAtMs: given.nowMs })
    .where(and(eq(hives.id, given.id), where));

const toSet = {
  remove: statement<Id>((given) => removeLabels(given, isThere(given))),
  add: statement<Change>((given) => addLabels(given, isThere(given))),
  touch: statement<Id & { nowMs: number }>((given) => touch(given)),
};
const toMerge = {
  remove: statement<Change>((given) => removeKeys(given, mayMerge(given))),
  add: statement<Change>((given) => addLabels(given, mayMerge(given))),
  touch: statement<Change & { nowMs: number }>((given) => touch(given, haveRoom(given))),
};
const hiveIsThere = statement<Id>((given) => build.select({ found: isThere(given) }).from(sql`(SELECT 1)`));

const byValue: Order = { columns: { value: hiveLabels.value, hiveId: hiveLabels.hiveId } };
const labelsWithKey = finder<HiveLabel, { key: string }>(labelReader, byValue, ({ key }) => eq(hiveLabels.key, key));

/** Every text is below every BLOB, which is no label. */
const isText = sql`< x''`;
const json = (list: SQL) => sql`CAST(json_group_array(${list}) AS BLOB)`.as("list");
const bounded = (where: SQL) =>
  sql`(SELECT count(*) FROM (SELECT 1 FROM ${hiveLabels} WHERE ${where} LIMIT ${sql.raw(String(MAX_COUNT + 1))}))`;

/** From key to key, each by one look into the index. `after` is bytes: a key that another program damaged may be no text. */
const keysAfter = statement<{ after: Uint8Array; limit: number }>(({ after, limit }) => {
  const next = (place: SQL) =>
    sql`SELECT min(${hiveLabels.key}) FROM ${hiveLabels} WHERE ${hiveLabels.key} > ${place} AND ${hiveLabels.key} ${isText}`;
  const keys = sql`(WITH RECURSIVE keys(held) AS (${next(sql`CAST(${after} AS TEXT)`)}
    UNION ALL SELECT (${next(sql`keys.held`)}) FROM keys WHERE held IS NOT NULL LIMIT ${limit}) SELECT held FROM keys WHERE held IS NOT NULL)`;
  return build.select({ list: json(sql`json_array(hex(held), ${bounded(sql`${hiveLabels.key} = held`)})`) }).from(keys);
});

const valuesOf = statement<{ key: string }>(({ key }) => {
  const next = (place: SQL) =>
    sql`SELECT min(${hiveLabels.value}) FROM ${hiveLabels} WHERE ${eq(hiveLabels.key, key)} AND ${hiveLabels.value} ${place} AND ${hiveLabels.value} ${isText}`;
  const values = sql`(WITH RECURSIVE held_values(held) AS (${next(sql`>= ''`)}
    UNION ALL SELECT (${next(sql`> held_values.held`)}) FROM held_values WHERE held IS NOT NULL LIMIT ${sql.raw(String(MAX_VALUES + 1))})
    SELECT held FROM held_values WHERE held IS NOT NULL)`;
  const count = bounded(sql`${eq(hiveLabels.key, key)} AND ${hiveLabels.value} = held`);
  return build.select({ list: json(sql`json_array(hex(held), ${count})`) }).from(values);
});

/** What operators wrote on hives, to choose them by. `addHive`, `updateHive` and `patchHive` take labels, too; removing a hive removes its labels. */
export class HiveLabels extends Verbs {
  /** Puts these labels in place of all that a hive has, and resolves to them. Rejects with HIVE_NOT_FOUND or INVALID_HIVE. */
  set(hiveId: string, labels: Labels, options?: CallOptions): Promise<Labels> {
    return this.access.calls.run(async (client) => {
      checkHive(IdInput, { id: hiveId });
      const checked = checkHive(LabelsArgument, { labels }, hiveId).labels;
      const results = await client.batch([
        toSet.remove({ id: hiveId }),
        toSet.add({ id: hiveId, labels: JSON.stringify(checked) }),
        toSet.touch({ id: hiveId, nowMs: this.access.now() }),
      ]);
      if (results.at(-1)?.rowsAffected === 0) throw hiveNotFound(hiveId);
      return checked;
    }, options);
  }

  /**
   * Changes labels key by key: a value sets, null removes, the others stay; without a key nothing changes. Resolves to all that the hive has then.
   * Rejects with HIVE_NOT_FOUND or INVALID_HIVE, also when it would have more than 64.
   */
  patch(hiveId: string, changes: LabelChanges, options?: CallOptions): Promise<Labels> {
    return this.access.calls.run(async (client) => {
      checkHive(IdInput, { id: hiveId });
      const { labels } = checkHive(LabelChangesArgument, { labels: changes }, hiveId);
      if (Object.keys(labels).length === 0) {
        if (await isIn(client, hiveId))
          return this.#read(await client.first(labelsOf({ ids: JSON.stringify([hiveId]) }))).get(hiveId) ?? {};
        throw hiveNotFound(hiveId);
      }
      const change = { id: hiveId, labels: JSON.stringify(labels) };
      const [, , touched, after] = await client.batch([
        toMerge.remove(change),
        toMerge.add(change),
        toMerge.touch({ ...change, nowMs: this.access.now() }),
        labelsOf({ ids: JSON.stringify([hiveId]) }),
      ]);
      if (touched?.rowsAffected === 0) throw await whyNot(client, hiveId);
      return this.#read(after?.rows[0]).get(hiveId) ?? {};
    }, options);
  }

  /** The labels of a hive; none of one that is not there. Rejects with CORRUPT_RECORD when another program damaged one of them. */
  get(hiveId: string, options?: CallOptions): Promise<Labels> {
    return this.access.calls.run(async (client) => {
      const row = isKey(hiveId) ? await client.first(labelsOf({ ids: JSON.stringify([hiveId]) })) : undefined;
      if (row === undefined) return {};
      labelReader.records(row);
      return this.#read(row).get(hiveId) ?? {};
    }, options);
  }

  /** The labels of many hives by their ids; those that have none are not in it. A damaged label is left out, with one process warning. */
  ofHives(hiveIds: readonly string[], options?: CallOptions): Promise<ReadonlyMap<string, Labels>> {
    return this.access.calls.run(async (client) => {
      if (!Array.isArray(hiveIds)) throw invalidArgument("hiveIds", "must be a list of ids");
      const ids = hiveIds.filter(isKey);
      const found = new Map<string, Labels>();
      for (let from = 0; from < ids.length; from += MAX_HIVES_READ) {
        if (from > 0) await turnOfTheLoop();
        const row = await client.first(labelsOf({ ids: JSON.stringify(ids.slice(from, from + MAX_HIVES_READ)) }));
        for (const [id, labels] of this.#read(row)) found.set(id, labels);
      }
      return found;
    }, options);
  }

  /**
   * The labels with that key by their values, then by the ids of their hives: a page of 100, or of `limit`, at most 1,000. A damaged one is left out, with
   * one process warning. Rejects with INVALID_ARGUMENT.
   */
  withKey(key: string, options: LabelPlacesOptions = {}): Promise<HiveLabel[]> {
    const work = (client: CallClient) => {
      const { after, limit = DEFAULT_KEYS } = options;
      checkInteger("limit", limit, 1, MAX_KEYS);
      if (!isKey(key)) throw invalidArgument("key", "must be a key");
      if (after !== undefined && !(isKey(after?.value) && isKey(after.hiveId))) {
        throw invalidArgument("after", "must be the last label of the page before: its value and its hiveId");
      }
      const place = after && { value: after.value, hiveId: after.hiveId };
      const onDamage = this.access.warnings.of(labelReader);
      return collect(pages(client, labelsWithKey, { key }, { after: place, limit, onDamage }));
    };
    return this.access.calls.run(work, options, LABEL_LIST_OPTIONS);
  }

  /**
   * The keys that hives have, in order, each with its first values and with how many hives have them, up to 1,000: a page of 100 after the key `after`,
   * or of `limit`, at most 1,000. Fewer than that means that there are no more.
   */
  keys(options: LabelListOptions = {}): Promise<LabelKey[]> {
    const work = async (client: CallClient) => {
      const { after = "", limit = DEFAULT_KEYS } = options;
      checkInteger("limit", limit, 1, MAX_KEYS);
      if (!isKey(after)) throw invalidArgument("after", "must be a key");
      const keys: LabelKey[] = [];
      for (let place: Uint8Array = Buffer.from(after); keys.length < limit; ) {
        const wanted = Math.min(KEYS_READ, limit - keys.length);
        const page = countedIn(await client.first(keysAfter({ after: place, limit: wanted })));
        for (const { bytes, ...count } of page) {
          place = bytes;
          const key = soundText(bytes, isLabelKey);
          if (key !== undefined) keys.push({ key, ...count, ...(await valuesIn(client, key)) });
        }
        if (page.length < wanted) break;
      }
      return keys;
    };
    return this.access.calls.run(work, options, LABEL_LIST_OPTIONS);
  }

  #read(row: SqlRow | undefined): Map<string, Labels> {
    const onDamage = this.access.warnings.of(labelReader);
    return row === undefined ? new Map() : readLabels(row, ({ damage, rowId }) => onDamage(damage, false, rowId));
  }
}

async function isIn(client: CallClient, id: string): Promise<boolean> {
  return (await client.first(hiveIsThere({ id })))?.[0] === 1;
}

async function whyNot(client: CallClient, id: string): Promise<Error> {
  return (await isIn(client, id)) ? tooManyLabels(id) : hiveNotFound(id);
}

async function valuesIn(client: CallClient, key: string): Promise<Pick<LabelKey, "values" | "hasMoreValues">> {
  const held = countedIn(await client.first(valuesOf({ key })));
  const values = held.slice(0, MAX_VALUES).flatMap(({ bytes, ...count }) => {
    const value = soundText(bytes, isLabelValue);
    return value === undefined ? [] : [{ value, ...count }];
  });
  return { values, hasMoreValues: held.length > MAX_VALUES };
}

type Counted = BoundedCount & { readonly bytes: Buffer };

function countedIn(row: SqlRow | undefined): Counted[] {
  const list = JSON.parse(bytesOf(row?.[0]).toString("utf8") || "[]") as [hex: string, count: number][];
  return list.map(([hex, count]) => ({
    bytes: Buffer.from(hex, "hex"),
    count: Math.min(count, MAX_COUNT),
    isMore: count > MAX_COUNT,
  }));
}

/** Undefined for what another program damaged: `catalog check` tells of it. */
function soundText(bytes: Buffer, isSound: (text: string) => boolean): string | undefined {
  const text = bytes.toString("utf8");
  return isUtf8(bytes) && isSound(text) ? text : undefined;
}
