import { and, eq, gt, gte, lt, lte, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import type { SqlStatement } from "../drivers/client.ts";
import { cordons, hiveGpus, hiveLabels, hives } from "../schema.ts";
import { build, type Given, statement } from "../sql/statement.ts";
import { type GpuRows, inList, type Values } from "./conditions.ts";
import type { Query } from "./query.ts";

/** Beyond so many rows, a source is only known to have more. */
export const MAX_COUNTED = 1000;

/** From where ids come, in order: an index, of which one window is read at a time. */
export type Source = {
  readonly kind: SourceKind;
  readonly values: Values;
};

type Within = { windowAfter: string; windowEnd: string | Uint8Array };

type SourceKind = {
  readonly name: string;
  /** How many rows there are behind a place, up to one more than `MAX_COUNTED`; undefined for all hives, which are never few. */
  readonly count?: (values: Values) => SqlStatement;
  /** The place that ends a window; undefined for one that is only taken when it is small enough to be one window. */
  readonly end?: (values: Values) => SqlStatement;
  /** Of a row of hives: whether it is in a window. */
  readonly within: (given: Given<Values>, isFirst: boolean) => SQL | undefined;
};

/** Behind a place; or from the beginning on, the empty id included. */
const behind = (column: SQLiteColumn, place: SQL, isFirst: boolean) =>
  isFirst ? gte(column, place) : gt(column, place);

const isWithin = (column: SQLiteColumn, given: Given<Values>, isFirst: boolean) => {
  const { windowAfter, windowEnd } = given as unknown as Given<Within>;
  return and(behind(column, windowAfter, isFirst), lte(column, windowEnd));
};

const counted = (table: SQLiteTable, where: SQL | undefined) =>
  build
    .select({ count: sql`count(*)` })
    .from(sql`(SELECT 1 FROM ${table} WHERE ${where} LIMIT ${sql.raw(String(MAX_COUNTED + 1))})`);

/** The id so many rows behind a place. Every text is below every BLOB, which is no id. */
const idBehind = (table: SQLiteTable, id: SQLiteColumn, { place, rows }: Given<Values>, where?: SQL) =>
  sql`(SELECT CAST(${id} AS BLOB) FROM ${table} WHERE ${and(where, gt(id, place as SQL), lt(id, sql`x''`))} ORDER BY ${id} LIMIT 1 OFFSET ${rows})`;

const alone = (value: SQL) => build.select({ id: value.as("id") }).from(sql`(SELECT 1)`);
/** The nearest of the ends that each member of a JSON list has: no window holds more rows than wanted, and none of them has to be sorted. */
const nearest = (list: SQL | undefined, endOf: (member: SQL) => SQL) =>
  build
    .select({ id: sql`min(ends.id)`.as("id") })
    .from(sql`(SELECT ${endOf(sql`member.value`)} AS id FROM json_each(${list}) AS member) AS ends`);

const all: SourceKind = {
  name: "all",
  end: statement<Values>((given) => alone(idBehind(hives, hives.id, given))),
  within: (given, isFirst) => isWithin(hives.id, given, isFirst),
};

const ofStatus = ({ status }: Given<Values>) => eq(hives.status, status as SQL);
const withStatus: SourceKind = {
  name: "status",
  count: statement<Values>((given) => counted(hives, and(ofStatus(given), gt(hives.id, given.place as SQL)))),
  end: statement<Values>((given) => alone(idBehind(hives, hives.id, given, ofStatus(given)))),
  within: (given, isFirst) => isWithin(hives.id, given, isFirst),
};

const cordoned: SourceKind = {
  name: "cordons",
  count: statement<Values>((given) => counted(cordons, gt(cordons.hiveId, given.place as SQL))),
  end: statement<Values>((given) => alone(idBehind(cordons, cordons.hiveId, given))),
  within: (given, isFirst) =>
    sql`${hives.id} IN (SELECT ${cordons.hiveId} FROM ${cordons} WHERE ${isWithin(cordons.hiveId, given, isFirst)})`,
};

const hasKey = ({ key }: Given<Values>) => eq(hiveLabels.key, key as SQL);
const hasLabel = (given: Given<Values>) => and(hasKey(given), inList(hiveLabels.value, given.list as SQL));
const withLabel: SourceKind = {
  name: "label",
  count: statement<Values>((given) =>
    counted(hiveLabels, and(hasLabel(given), gt(hiveLabels.hiveId, given.place as SQL))),
  ),
  end: statement<Values>((given) =>
    nearest(given.list, (value) =>
      idBehind(hiveLabels, hiveLabels.hiveId, given, and(hasKey(given), eq(hiveLabels.value, value))),
    ),
  ),
  within: (given, isFirst) =>
    sql`${hives.id} IN (SELECT ${hiveLabels.hiveId} FROM ${hiveLabels} WHERE ${and(hasLabel(given), isWithin(hiveLabels.hiveId, given, isFirst))})`,
};

/** Its index has the values before the ids: good for few alone. */
const withKey: SourceKind = {
  name: "key",
  count: statement<Values>((given) => counted(hiveLabels, hasKey(given))),
  within: (given, isFirst) =>
    sql`${hives.id} IN (SELECT ${hiveLabels.hiveId} FROM ${hiveLabels} WHERE ${and(hasKey(given), isWithin(hiveLabels.hiveId, given, isFirst))})`,
};

const hasModel = ({ list }: Given<Values>) => inList(hiveGpus.model, list as SQL);
const withModel: SourceKind = {
  name: "model",
  count: statement<Values>((given) => counted(hiveGpus, and(hasModel(given), gt(hiveGpus.hiveId, given.place as SQL)))),
  end: statement<Values>((given) =>
    nearest(given.list, (model) => idBehind(hiveGpus, hiveGpus.hiveId, given, eq(hiveGpus.model, model))),
  ),
  within: (given, isFirst) =>
    sql`${hives.id} IN (SELECT ${hiveGpus.hiveId} FROM ${hiveGpus} WHERE ${and(hasModel(given), isWithin(hiveGpus.hiveId, given, isFirst))})`,
};

export const ALL: Source = { kind: all, values: {} };

/** More models than these are too many arms of a window. */
const MAX_MODELS = 32;

/** Each of them has all hives that a query can find. */
export function sourcesOf({ selector, gpu, status, cordoned: isCordoned }: Query, rows: GpuRows | undefined): Source[] {
  const sources: Source[] = [];
  for (const { key, operator, values } of selector.terms) {
    if (operator === "in") sources.push({ kind: withLabel, values: { key, list: JSON.stringify(values) } });
    if (operator === "exists") sources.push({ kind: withKey, values: { key } });
  }
  if (status !== undefined) sources.push({ kind: withStatus, values: { status } });
  if (isCordoned) sources.push({ kind: cordoned, values: {} });
  if (rows?.models !== undefined && rows.models.length <= MAX_MODELS && gpu !== undefined && gpu.count.min > 0) {
    sources.push({ kind: withModel, values: { list: JSON.stringify(rows.models) } });
  }
  return sources;
}
