import { isUtf8 } from "node:buffer";
import { and, eq, type SQL, sql } from "drizzle-orm";
import type { CallClient, SqlRow } from "../drivers/client.ts";
import { hiveNotFound } from "../errors.ts";
import { inBatches } from "../event-loop.ts";
import {
  checkHive,
  checkInteger,
  invalidArgument,
  isKey,
  LabelChangesArgument,
  LabelsArgument,
  tooManyLabels,
} from "../model/check.ts";
import { type HiveLabel, isLabelKey, isLabelValue, type LabelChanges, type Labels } from "../model/label.ts";
import { type CallOptions, LABEL_LIST_OPTIONS, type LabelListOptions, type LabelPlacesOptions } from "../options.ts";
import { hiveLabels, hives } from "../schema.ts";
import { distinctTexts } from "../sql/distinct.ts";
import { collect, finder, type Order, pages } from "../sql/reading.ts";
import { bytesOf } from "../sql/rows.ts";
import { build, statement } from "../sql/statement.ts";
import { belongingsOf, belongingsWhile } from "../traits/belongings.ts";
import { haveRoom, labelReader, labelsOf, MAX_HIVES_READ, readLabels } from "../traits/labels.ts";
import { isThere } from "../traits/presence.ts";
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

/** After the change itself; where there was no room for it, nothing happened. */
const touch = statement<{ id: string; labels: string; nowMs: number }>((given) =>
  build
    .update(hives)
    .set({ updatedAtMs: given.nowMs })
    .where(and(eq(hives.id, given.id), haveRoom(given))),
);

const byValue: Order = { columns: { value: hiveLabels.value, hiveId: hiveLabels.hiveId } };
const labelsWithKey = finder<HiveLabel, { key: string }>(labelReader, byValue, ({ key }) => eq(hiveLabels.key, key));

const json = (list: SQL) => sql`CAST(json_group_array(${list}) AS BLOB)`.as("list");
const bounded = (where: SQL) =>
  sql`(SELECT count(*) FROM (SELECT 1 FROM ${hiveLabels} WHERE ${where} LIMIT ${sql.raw(String(MAX_COUNT + 1))}))`;

/** `after` is bytes: a key that another program damaged may be no text. */
const keysAfter = statement<{ after: Uint8Array; limit: number }>(({ after, limit }) => {
  const count = bounded(sql`${hiveLabels.key} = held`);
  const keys = distinctTexts(hiveLabels.key, sql`> CAST(${after} AS TEXT)`, limit);
  return build.select({ list: json(sql`json_array(hex(held), ${count})`) }).from(keys);
});

const valuesOf = statement<{ key: string }>(({ key }) => {
  const hasKey = eq(hiveLabels.key, key);
  const count = bounded(sql`${hasKey} AND ${hiveLabels.value} = held`);
  const values = distinctTexts(hiveLabels.value, sql`>= ''`, sql.raw(String(MAX_VALUES + 1)), hasKey);
  return build.select({ list: json(sql`json_array(hex(held), ${count})`) }).from(values);
});

/** What operators wrote on hives, to choose them by. `addHive`, `updateHive` and `patchHive` take labels, too; removing a hive removes its labels. */
export class HiveLabels extends Verbs {
  /** Puts these labels in place of all that a hive has, and resolves to them. Rejects with HIVE_NOT_FOUND or INVALID_HIVE. */
  set(hiveId: string, labels: Labels, options?: CallOptions): Promise<Labels> {
    return this.run(async (client) => {
      const checked = checkHive(LabelsArgument, { id: hiveId, labels }).labels;
      const results = await client.batch([
        ...belongingsOf(hiveId, { labels: checked }),
        touch({ id: hiveId, labels: JSON.stringify(checked), nowMs: this.now() }),
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
    return this.run(async (client) => {
      const { labels } = checkHive(LabelChangesArgument, { id: hiveId, labels: changes });
      if (Object.keys(labels).length === 0) {
        if (!(await isThere(client, hiveId))) throw hiveNotFound(hiveId);
        return this.#read(await client.first(labelsOf({ ids: JSON.stringify([hiveId]) }))).get(hiveId) ?? {};
      }
      const change = { id: hiveId, labels: JSON.stringify(labels) };
      const results = await client.batch([
        ...belongingsWhile(haveRoom(change))(hiveId, { labels, mergesLabels: true }),
        touch({ ...change, nowMs: this.now() }),
        labelsOf({ ids: JSON.stringify([hiveId]) }),
      ]);
      const [touched, after] = results.slice(-2);
      if (touched?.rowsAffected === 0)
        throw (await isThere(client, hiveId)) ? tooManyLabels(hiveId) : hiveNotFound(hiveId);
      return this.#read(after?.rows[0]).get(hiveId) ?? {};
    }, options);
  }

  /** The labels of a hive; none of one that is not there. Rejects with CORRUPT_RECORD when another program damaged one of them. */
  get(hiveId: string, options?: CallOptions): Promise<Labels> {
    return this.run(async (client) => {
      if (!isKey(hiveId)) return {};
      const row = await client.first(labelsOf({ ids: JSON.stringify([hiveId]) }));
      labelReader.records(row);
      return this.#read(row).get(hiveId) ?? {};
    }, options);
  }

  /** The labels of many hives by their ids; those that have none are not in it. A damaged label is left out, with one process warning. */
  ofHives(hiveIds: readonly string[], options?: CallOptions): Promise<ReadonlyMap<string, Labels>> {
    return this.run(async (client) => {
      if (!Array.isArray(hiveIds)) throw invalidArgument("hiveIds", "must be a list of ids");
      const found = new Map<string, Labels>();
      for await (const ids of inBatches(hiveIds.filter(isKey), MAX_HIVES_READ)) {
        const row = await client.first(labelsOf({ ids: JSON.stringify(ids) }));
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
      const onDamage = this.warnings.of(labelReader);
      return collect(pages(client, labelsWithKey, { key }, { after: place, limit, onDamage }));
    };
    return this.run(work, options, LABEL_LIST_OPTIONS);
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
    return this.run(work, options, LABEL_LIST_OPTIONS);
  }

  #read(row: SqlRow | undefined): Map<string, Labels> {
    return readLabels(row, this.warnings.of(labelReader));
  }
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
