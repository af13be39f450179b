import { and, eq, type SQL, sql } from "drizzle-orm";
import type { SqlRow } from "../drivers/client.ts";
import { type HiveLabel, type Labels, labelFields, MAX_LABELS } from "../model/label.ts";
import { hiveLabels } from "../schema.ts";
import { type OnDamage, rowsWhere } from "../sql/reading.ts";
import { RowReader } from "../sql/rows.ts";
import { build } from "../sql/statement.ts";

export const labelReader = new RowReader<HiveLabel>({ table: hiveLabels, fields: labelFields, thing: "label" });

/** What stands for the id of a hive, and for labels: a JSON object from keys to values, or to null for those that are to go. */
type Hive = { id: SQL | string };
type Given = Hive & { labels: SQL | string };

/** All labels of a hive go, if `where` holds. */
export function removeLabels({ id }: Hive, where?: SQL) {
  return build.delete(hiveLabels).where(and(eq(hiveLabels.hiveId, id), where));
}

/** Those with the keys of `labels` go. */
export function removeKeys({ id, labels }: Given, where: SQL) {
  return build
    .delete(hiveLabels)
    .where(and(eq(hiveLabels.hiveId, id), sql`${hiveLabels.key} IN (SELECT key FROM json_each(${labels}))`, where));
}

/** Adds labels that are not there. */
export function addLabels({ id, labels }: Given, where: SQL) {
  const all = sql`json_each(${labels}) AS label`;
  return build
    .insert(hiveLabels)
    .select(sql`SELECT ${id}, label.key, label.value FROM ${all} WHERE label.value IS NOT NULL AND ${where}`);
}

/** Whether a hive has no more labels than it may have once `labels` are merged into its own: said the same before, while and after that is done. */
export function haveRoom({ id, labels }: Given): SQL {
  const others = sql`SELECT count(*) FROM ${hiveLabels} WHERE ${eq(hiveLabels.hiveId, id)}
    AND ${hiveLabels.key} NOT IN (SELECT key FROM json_each(${labels}))`;
  const added = sql`SELECT count(*) FROM json_each(${labels}) WHERE value IS NOT NULL`;
  return sql`((${added}) = 0 OR (${others}) + (${added}) <= ${sql.raw(String(MAX_LABELS))})`;
}

/** Whether no label of a hive has another value than `labels` say: said the same before, while and after they are merged into its own. */
export function keepValues({ id, labels }: Given): SQL {
  const held = sql`SELECT ${hiveLabels.value} FROM ${hiveLabels} WHERE ${eq(hiveLabels.hiveId, id)} AND ${hiveLabels.key} = label.key`;
  return sql`NOT EXISTS (SELECT 1 FROM json_each(${labels}) AS label WHERE label.value <> (${held}))`;
}

/** Hives whose labels one statement reads at most: where each has 64 of the longest, that takes some milliseconds. */
export const MAX_HIVES_READ = 50;

/** The labels of some hives, whose ids are a JSON list. */
export const labelsOf = rowsWhere<{ ids: string }>(
  labelReader,
  ({ ids }) => sql`${hiveLabels.hiveId} IN (SELECT value FROM json_each(${ids}))`,
);

/** By the ids of hives. Each damaged row is told. */
export function readLabels(row: SqlRow | undefined, onDamage: OnDamage): Map<string, Labels> {
  const found = new Map<string, [string, string][]>();
  for (const { record, damage, rowId } of labelReader.found(row)) {
    if (record === undefined) {
      onDamage(damage, false, rowId);
      continue;
    }
    const { hiveId, key, value } = record;
    const labels = found.get(hiveId);
    if (labels === undefined) found.set(hiveId, [[key, value]]);
    else labels.push([key, value]);
  }
  return new Map([...found].map(([hiveId, labels]) => [hiveId, Object.fromEntries(labels.sort(byKey))]));
}

function byKey([left]: [string, string], [right]: [string, string]): number {
  return left < right ? -1 : 1;
}
