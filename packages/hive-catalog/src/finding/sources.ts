import { and, eq, gt, gte, lt, lte, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import type { CallClient, SqlStatement } from "../drivers/client.ts";
import { byId, hiveReader } from "../hives/statements.ts";
import type { HiveRecord } from "../model/hive.ts";
import type { SelectorTerm } from "../model/selector.ts";
import { cordons, hiveGpus, hiveLabels, hives } from "../schema.ts";
import { type Finder, finder, type Order } from "../sql/reading.ts";
import { build, countIn, type Given, statement } from "../sql/statement.ts";
import { type GpuRows, inList, type Values } from "./conditions.ts";
import type { Direction, Query } from "./query.ts";

/** So few are looked for first: counting up to a thousand takes longer than reading them. */
const FEW = 64;

/** From where ids come, in order: an index, of which one window is read at a time. */
export type Source = {
  readonly kind: SourceKind;
  readonly values: Values;
  /** The term of the selector that holds for all of it, and need not be looked at again. */
  readonly term?: SelectorTerm;
};

/** An id, or where there is none before. */
export type Place = string | Uint8Array;
type Within = { windowAfter: Place; windowEnd: Place };

type SourceKind = {
  readonly name: string;
  /** Of rows that are hives: all of them, in pages that need no window to end in. */
  readonly all?: Finder<HiveRecord, Values>;
  /** How many rows there are behind a place, up to a limit; undefined where nobody has to know. */
  readonly count?: (values: Values) => SqlStatement;
  /**
   * The place that ends a window, and of a list how many rows that window has; undefined for one that is only taken when it is small enough to be one
   * window.
   */
  readonly end?: (values: Values) => SqlStatement;
  /** Of a row of hives: whether it is in a window. */
  readonly within: (given: Given<Values>, isFirst: boolean) => SQL | undefined;
};

/** Behind every text. */
const NO_END = Uint8Array.of(0xff);
/** What stands before the first id, and behind the last. */
export const ENDS = {
  ascending: { first: "", last: NO_END },
  descending: { first: NO_END, last: "" },
} as const;
const WAYS = {
  ascending: { name: "ascending", behind: gt, from: gte, upTo: lte, nearest: sql`min`, order: sql`ASC` },
  descending: { name: "descending", behind: lt, from: lte, upTo: gte, nearest: sql`max`, order: sql`DESC` },
} as const;
type Way = (typeof WAYS)[Direction];
export const orderOf = (direction: Direction): Order => ({ ...byId, isDescending: direction === "descending" });

/** Rows of which each is of a hive: in an index where all for which `where` holds, or all with one value of a list, are in the order of the ids. */
type Rows = {
  readonly table: SQLiteTable;
  readonly id: SQLiteColumn;
  readonly where?: (given: Given<Values>) => SQL | undefined;
  /** Whether a row has one of the values of a list. */
  readonly hasMember?: (member: SQL, given: Given<Values>) => SQL | undefined;
};

const ofHives: Rows = { table: hives, id: hives.id };
const hasKey = ({ key }: Given<Values>) => eq(hiveLabels.key, key as SQL);
const ofLabels: Rows = { table: hiveLabels, id: hiveLabels.hiveId, where: hasKey };
const ofGpus: Rows = { table: hiveGpus, id: hiveGpus.hiveId };
/** Those of them that have this value in a column. */
const withValue = (rows: Rows, column: SQLiteColumn): Rows => ({
  ...rows,
  where: (given) => and(rows.where?.(given), eq(column, given.value as SQL)),
});
/** Those that have one of the values of a list there. */
const withValues = (rows: Rows, column: SQLiteColumn): Rows => ({
  ...rows,
  where: (given) => and(rows.where?.(given), inList(column, given.list as SQL)),
  hasMember: (member, given) => and(rows.where?.(given), eq(column, member)),
});
const ROWS = {
  all: ofHives,
  withStatus: withValue(ofHives, hives.status),
  withStatuses: withValues(ofHives, hives.status),
  cordoned: { table: cordons, id: cordons.hiveId },
  withLabel: withValue(ofLabels, hiveLabels.value),
  withLabels: withValues(ofLabels, hiveLabels.value),
  withModel: withValues(ofGpus, hiveGpus.model),
} satisfies Record<string, Rows>;

const alone = (name: string, value: SQL) => build.select({ [name]: value.as(name) }).from(sql`(SELECT 1)`);
const counted = ({ table }: Rows, { limit }: Given<Values>, where: SQL | undefined) =>
  alone("rows", sql`(SELECT count(*) FROM (SELECT 1 FROM ${table} WHERE ${where} LIMIT ${limit}))`);

/** Behind a place; or from the beginning on, the empty id included. */
const isWithin = ({ from, behind, upTo }: Way, id: SQLiteColumn, given: Given<Values>, isFirst: boolean) => {
  const { windowAfter, windowEnd } = given as unknown as Given<Within>;
  return and((isFirst ? from : behind)(id, windowAfter), upTo(id, windowEnd));
};
/** Whether a hive is among those of a window of other rows. */
const isAmong = (way: Way, { table, id, where }: Rows, given: Given<Values>, isFirst: boolean) =>
  sql`${hives.id} IN (SELECT ${id} FROM ${table} WHERE ${and(where?.(given), isWithin(way, id, given, isFirst))})`;
const isBehind = ({ behind }: Way, { id }: Rows, { place }: Given<Values>) => behind(id, place as SQL);
/** The id so many rows behind a place. Every text is below every BLOB, which is no id. */
const idBehind = (way: Way, rows: Rows, given: Given<Values>, where: SQL | undefined) => {
  const { table, id } = rows;
  const isIn = and(where, isBehind(way, rows, given), lt(id, sql`x''`));
  return sql`(SELECT CAST(${id} AS BLOB) FROM ${table} WHERE ${isIn} ORDER BY ${id} ${way.order} LIMIT 1 OFFSET ${given.rows})`;
};
/** The nearest of the ends that each member of a JSON list has: no window holds more rows than wanted, and none of them has to be sorted. */
const nearestEnd = (way: Way, rows: Rows, given: Given<Values>, isMember: SQL | undefined) => {
  const members = sql`json_each(${given.list}) AS member`;
  const ends = sql`SELECT ${idBehind(way, rows, given, isMember)} AS id FROM ${members}`;
  const isInside = and(isMember, isBehind(way, rows, given), way.upTo(rows.id, sql`CAST(nearest.id AS TEXT)`));
  const inside = sql`(SELECT sum((SELECT count(*) FROM ${rows.table} WHERE ${isInside})) FROM ${members})`;
  return build
    .select({ id: sql`nearest.id`.as("id"), rows: inside.as("rows") })
    .from(sql`(SELECT ${way.nearest}(ends.id) AS id FROM (${ends}) AS ends) AS nearest`);
};

const kindOf = (name: string, rows: Rows, way: Way): SourceKind => {
  const { table, id, where, hasMember } = rows;
  // Between two ids may be any number of hives with none of several values: those are found by the index of each.
  const isOfHives = table === hives && hasMember === undefined;
  return {
    name: `${name} ${way.name}`,
    ...(isOfHives && { all: finder<HiveRecord, Values>(hiveReader, orderOf(way.name), where) }),
    count: statement<Values>((given) => counted(rows, given, and(where?.(given), isBehind(way, rows, given)))),
    end: statement<Values>((given) =>
      hasMember === undefined
        ? alone("id", idBehind(way, rows, given, where?.(given)))
        : nearestEnd(way, rows, given, hasMember(sql`member.value`, given)),
    ),
    within: (given, isFirst) => (isOfHives ? isWithin(way, id, given, isFirst) : isAmong(way, rows, given, isFirst)),
  };
};
const kindsOf = (way: Way) => {
  const kinds = Object.entries<Rows>(ROWS).map(([name, rows]) => [name, kindOf(name, rows, way)]);
  return {
    ...(Object.fromEntries(kinds) as Record<keyof typeof ROWS, SourceKind>),
    /** Its index has the values before the ids: good for few alone. */
    withKey: {
      name: `withKey ${way.name}`,
      count: statement<Values>((given) => counted(ofLabels, given, hasKey(given))),
      within: (given, isFirst) => isAmong(way, ofLabels, given, isFirst),
    } satisfies SourceKind,
    /** Those whose ids are known: few, and in one window. */
    withIds: {
      name: `withIds ${way.name}`,
      within: (given, isFirst) => and(inList(hives.id, given.list as SQL), isWithin(way, hives.id, given, isFirst)),
    } satisfies SourceKind,
  };
};
const KINDS = { ascending: kindsOf(WAYS.ascending), descending: kindsOf(WAYS.descending) };

/** More models than these are too many arms of a window. */
const MAX_MODELS = 32;

/** Each of them has all hives that a query can find. */
export function sourcesOf(query: Query, rows: GpuRows | undefined): Source[] {
  const { selector, gpu, statuses, cordoned: isCordoned, direction } = query;
  const kinds = KINDS[direction];
  const sources: Source[] = [];
  for (const term of selector.terms) {
    const { key, operator, values } = term;
    if (operator === "in") sources.push({ ...ofValues(kinds.withLabel, kinds.withLabels, { key }, values), term });
    if (operator === "exists") sources.push({ kind: kinds.withKey, values: { key }, term });
  }
  if (statuses !== undefined) sources.push(ofValues(kinds.withStatus, kinds.withStatuses, {}, statuses));
  if (isCordoned) sources.push({ kind: kinds.cordoned, values: {} });
  if (rows?.models !== undefined && rows.models.length <= MAX_MODELS && gpu !== undefined && gpu.count.min > 0) {
    sources.push({ kind: kinds.withModel, values: { list: JSON.stringify(rows.models) } });
  }
  return sources;
}

/** A list of one is no list: to open one takes longer than to look for one value. */
function ofValues(
  one: SourceKind,
  several: SourceKind,
  further: Values,
  [only = "", ...others]: readonly string[],
): Source {
  if (others.length === 0) return { kind: one, values: { ...further, value: only } };
  return { kind: several, values: { ...further, list: JSON.stringify([only, ...others]) } };
}

/** A source, and how many rows of it there are behind a place, where that is known. */
export type Leading = { readonly source: Source; readonly rows?: number };

export type Bounds = {
  /** Rows up to which a source is counted, to find out which one has the fewest: beyond, it is only known to have more. */
  readonly maxCounted: number;
  /** Rows of a source that one statement reads past at most, when none of them is what is looked for. */
  readonly maxWindow: number;
};

/** The source with the fewest rows behind a place; those of `ids`, where they are known. */
export async function fewest(
  client: CallClient,
  sources: readonly Source[],
  { ids, direction }: Pick<Query, "ids" | "direction">,
  place: Place,
  { maxCounted, maxWindow }: Bounds,
): Promise<Leading> {
  const { all, withIds } = KINDS[direction];
  if (ids !== undefined) return { source: { kind: withIds, values: { list: JSON.stringify(ids) } }, rows: ids.length };
  const ofAll: Source = { kind: all, values: {} };
  const [only = ofAll, ...others] = sources;
  if (others.length === 0 && only.kind.end !== undefined) return { source: only };
  const least = async (atMost: number): Promise<Counted> => {
    const counted = await Promise.all(sources.map((source) => countOf(client, source, place, atMost)));
    const isUsable = ({ source, rows }: Counted) =>
      source.kind.end !== undefined || rows <= Math.min(atMost, maxWindow);
    const unknown: Counted = { source: ofAll, rows: Number.POSITIVE_INFINITY };
    return counted.filter(isUsable).reduce((first, other) => (other.rows < first.rows ? other : first), unknown);
  };
  const few = await least(FEW);
  if (few.rows <= FEW) return few;
  const { source, rows } = await least(maxCounted);
  return rows <= maxCounted ? { source, rows } : { source };
}

type Counted = Required<Leading>;

/** Up to one more than `atMost`. */
async function countOf(client: CallClient, source: Source, place: Place, atMost: number): Promise<Counted> {
  const query = source.kind.count?.({ ...source.values, place, limit: atMost + 1 });
  return { source, rows: query === undefined ? Number.POSITIVE_INFINITY : countIn(await client.first(query)) };
}
