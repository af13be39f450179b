import { and, eq, type SQL, type SQLWrapper, sql } from "drizzle-orm";
import type { SqlValue } from "../drivers/client.ts";
import type { SelectorTerm } from "../model/selector.ts";
import { isInForce } from "../records/cordons.ts";
import { cordons, hiveGpus, hiveLabels, hives } from "../schema.ts";
import type { Given } from "../sql/statement.ts";
import type { Query } from "./query.ts";

/** The values of a statement by the names of their placeholders. */
export type Values = Record<string, SqlValue>;

/** One condition on a row of hives. Conditions of the same shape differ in their values alone, so that few statements serve all queries. */
export type Condition = {
  readonly shape: string;
  /** What it costs for one hive, in looks into an index. */
  readonly cost: number;
  readonly values: Values;
  /** `given` are the placeholders of `values`. */
  readonly where: (given: Given<Values>) => SQL;
};

/** Reading the devices of a hive, or each of its labels, takes as long as so many looks. */
const DEVICES_COST = 2;
const TEXT_COST = 16;

/** A condition whose placeholders have names of its own. */
function condition(
  { shape, place, values, cost = 1 }: { shape: string; place: string; values: Values; cost?: number },
  where: (value: (name: string) => SQL) => SQL,
): Condition {
  const named = Object.entries(values).map(([name, value]) => [`${place}_${name}`, value]);
  return {
    ...{ shape, cost },
    values: Object.fromEntries(named),
    where: (given) => where((name) => given[`${place}_${name}`] as SQL),
  };
}

/** What stands in a JSON list. */
export const inList = (column: SQLWrapper, list: SQL) => sql`${column} IN (SELECT value FROM json_each(${list}))`;
/** The same of a row that is found by other columns: with the plus, the list is not gone through for each hive. */
const isListed = (column: SQLWrapper, list: SQL) => sql`+${inList(column, list)}`;
const exists = (table: SQLWrapper, where: SQL | undefined) => sql`EXISTS (SELECT 1 FROM ${table} WHERE ${where})`;
/** No end of a range is as high. */
const HIGHEST = Number.MAX_SAFE_INTEGER;

/** What the rows of GPUs know: the models for which the names of a query stand, undefined where it has none. */
export type GpuRows = { readonly models: readonly string[] | undefined };

type Known = {
  /** Undefined where they cannot decide, and devices themselves are to be looked at. */
  readonly rows: GpuRows | undefined;
  /** A term of the selector that holds already. */
  readonly term: SelectorTerm | undefined;
  readonly nowMs: number;
};

/** All conditions of a query that do not hold already. */
export function conditionsOf(query: Query, { rows, term: known, nowMs }: Known): Condition[] {
  const { selector, gpu, ram, cores, statuses, cordoned, text } = query;
  // By their kinds, so that there are fewer shapes.
  const unknown = selector.terms.filter((term) => term !== known);
  const terms = unknown.toSorted((left, right) => left.operator.localeCompare(right.operator));
  return [
    ...terms.map((term, place) => labelCondition(term, `label${place}`)),
    ...(statuses === undefined ? [] : [statusCondition(statuses)]),
    ...(gpu === undefined ? [] : [gpuCondition(gpu, rows)]),
    ...(ram === undefined ? [] : [cpuCondition("ram", "ram_gb", ram.gb)]),
    ...(cores === undefined ? [] : [cpuCondition("cores", "cores", cores.cores)]),
    ...(cordoned === undefined ? [] : [cordonCondition(cordoned, nowMs)]),
    ...(text === undefined ? [] : [textCondition(text)]),
  ];
}

/** One value is compared by itself: to open a list takes longer than all the rest. */
function labelCondition(
  { key, operator, values: [only = "", ...others], values }: SelectorTerm,
  place: string,
): Condition {
  const isSet = others.length > 0;
  const hasValue = operator === "in" || operator === "notIn";
  const all: Values = { key, ...(hasValue && { value: isSet ? JSON.stringify(values) : only }) };
  return condition({ shape: `${operator}${isSet ? " set" : ""}`, place, values: all }, (value) => {
    const isOne = isSet ? isListed(hiveLabels.value, value("value")) : eq(hiveLabels.value, value("value"));
    const hasKey = and(eq(hiveLabels.hiveId, hives.id), eq(hiveLabels.key, value("key")));
    const isSo = exists(hiveLabels, hasValue ? and(hasKey, isOne) : hasKey);
    return operator === "in" || operator === "exists" ? isSo : sql`NOT ${isSo}`;
  });
}

function statusCondition([only = "", ...others]: readonly string[]): Condition {
  const place = "status";
  if (others.length === 0)
    return condition({ shape: place, place, values: { is: only } }, (value) => eq(hives.status, value("is")));
  return condition({ shape: "statuses", place, values: { list: JSON.stringify([only, ...others]) } }, (value) =>
    isListed(hives.status, value("list")),
  );
}

function gpuCondition({ vendor, memoryGb, count }: NonNullable<Query["gpu"]>, rows: GpuRows | undefined): Condition {
  if (rows === undefined)
    return condition({ shape: "any devices", place: "gpu", values: {} }, () => sql`${hives.devices} IS NOT NULL`);
  const { models } = rows;
  const range = memoryGb && { minGb: memoryGb.min, maxGb: memoryGb.max ?? HIGHEST };
  const values = { ...(models && { models: JSON.stringify(models) }), ...(vendor && { vendor }), ...range };
  const counts = { min: count.min, max: count.max ?? HIGHEST };
  const shape = `gpu ${count.min > 0} ${Object.keys(values).join(" ")}`;
  return condition({ shape, place: "gpu", values: { ...values, ...counts }, cost: DEVICES_COST }, (value) => {
    const ofHive = eq(hiveGpus.hiveId, hives.id);
    const isOne = and(
      ofHive,
      models ? isListed(hiveGpus.model, value("models")) : undefined,
      vendor ? eq(hiveGpus.vendor, value("vendor")) : undefined,
      range ? sql`${hiveGpus.vramGb} BETWEEN ${value("minGb")} AND ${value("maxGb")}` : undefined,
    );
    const sum = sql`(SELECT ifnull(sum(${hiveGpus.count}), 0) FROM ${hiveGpus} WHERE ${isOne})`;
    const isSo = sql`${sum} BETWEEN ${value("min")} AND ${value("max")}`;
    // Of a hive without rows it is not known which GPUs it has.
    return count.min > 0 ? isSo : sql`${isSo} AND ${exists(hiveGpus, ofHive)}`;
  });
}

/** What is no JSON was damaged, and no number is in it. */
function cpuCondition(place: string, member: string, { min, max }: { min: number; max: number | null }): Condition {
  const values = { min, max: max ?? HIGHEST };
  return condition({ shape: place, place, values, cost: DEVICES_COST }, (value) => {
    const held = sql`json_extract(${hives.devices}, ${sql.raw(`'$.cpu.${member}'`)})`;
    return sql`CASE WHEN json_valid(${hives.devices}) THEN ${held} BETWEEN ${value("min")} AND ${value("max")} END`;
  });
}

function cordonCondition(isCordoned: boolean, nowMs: number): Condition {
  return condition({ shape: isCordoned ? "cordoned" : "not cordoned", place: "cordon", values: { nowMs } }, (value) => {
    const isSo = exists(
      cordons,
      and(eq(cordons.hiveId, hives.id), isInForce({ nowMs: value("nowMs") as SQL<number> })),
    );
    return isCordoned ? isSo : sql`NOT ${isSo}`;
  });
}

function textCondition(text: string): Condition {
  return condition({ shape: "text", place: "text", values: { part: text }, cost: TEXT_COST }, (value) => {
    const has = (column: SQLWrapper) => sql`instr(lower(${column}), ${value("part")}) > 0`;
    const hasLabel = exists(hiveLabels, and(eq(hiveLabels.hiveId, hives.id), has(hiveLabels.value)));
    return sql`(${has(hives.id)} OR ${has(hives.host)} OR ${hasLabel})`;
  });
}
