import { and, eq, gt, gte, lt, lte, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import type { CallClient, SqlStatement } from "../drivers/client.ts";
import type { SelectorTerm } from "../model/selector.ts";
import { cordons, hiveGpus, hiveLabels, hives } from "../schema.ts";
import { build, countIn, type Given, statement } from "../sql/statement.ts";
import { type GpuRows, inList, type Values } from "./conditions.ts";
import type { Direction, Query } from "./query.ts";

/** So few are looked for first: counting up to a thousand takes longer than reading them. */
const FEW = 64;
/** Statements that are kept, one for each list of kinds. */
const MAX_KEPT = 100;

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
  /** Whether its rows are hives, so that a page of them needs no window to end in. */
  readonly isOfHives?: true;
  /** How many rows there are behind a place, up to a limit; undefined for all hives, which are never few. */
  readonly count?: (given: Given<Values>) => SQL;
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

const counted = (table: SQLiteTable, { limit }: Given<Values>, where: SQL | undefined) =>
  sql`(SELECT count(*) FROM (SELECT 1 FROM ${table} WHERE ${where} LIMIT ${limit}))`;
const alone = (value: SQL) => build.select({ id: value.as("id") }).from(sql`(SELECT 1)`);

const ofStatus = ({ status }: Given<Values>) => eq(hives.status, status as SQL);
const hasOneStatus = ({ list }: Given<Values>) => inList(hives.status, list as SQL);
const hasKey = ({ key }: Given<Values>) => eq(hiveLabels.key, key as SQL);
const hasValue = (given: Given<Values>) => and(hasKey(given), eq(hiveLabels.value, given.value as SQL));
const hasOneOf = (given: Given<Values>) => and(hasKey(given), inList(hiveLabels.value, given.list as SQL));
const hasModel = ({ list }: Given<Values>) => inList(hiveGpus.model, list as SQL);

/** Behind a place; or from the beginning on, the empty id included. */
const isWithin = ({ from, behind, upTo }: Way, column: SQLiteColumn, given: Given<Values>, isFirst: boolean) => {
  const { windowAfter, windowEnd } = given as unknown as Given<Within>;
  return and((isFirst ? from : behind)(column, windowAfter), upTo(column, windowEnd));
};
/** Whether a hive is among those of a window of another table. */
const isAmong = (
  way: Way,
  table: SQLiteTable,
  id: SQLiteColumn,
  where: SQL | undefined,
  given: Given<Values>,
  isFirst: boolean,
) => sql`${hives.id} IN (SELECT ${id} FROM ${table} WHERE ${and(where, isWithin(way, id, given, isFirst))})`;
/** The id so many rows behind a place. Every text is below every BLOB, which is no id. */
const idBehind = (
  { behind, order }: Way,
  table: SQLiteTable,
  id: SQLiteColumn,
  { place, rows }: Given<Values>,
  where?: SQL,
) =>
  sql`(SELECT CAST(${id} AS BLOB) FROM ${table} WHERE ${and(where, behind(id, place as SQL), lt(id, sql`x''`))} ORDER BY ${id} ${order} LIMIT 1 OFFSET ${rows})`;
/** The nearest of the ends that each member of a JSON list has: no window holds more rows than wanted, and none of them has to be sorted. */
const nearest = (
  way: Way,
  table: SQLiteTable,
  id: SQLiteColumn,
  given: Given<Values>,
  isMember: (member: SQL) => SQL | undefined,
) => {
  const { list, place } = given;
  const ends = sql`SELECT ${idBehind(way, table, id, given, isMember(sql`member.value`))} AS id FROM json_each(${list}) AS member`;
  const isInside = and(way.behind(id, place as SQL), way.upTo(id, sql`CAST(nearest.id AS TEXT)`));
  const rows = sql`(SELECT sum((SELECT count(*) FROM ${table} WHERE ${and(isMember(sql`member.value`), isInside)})) FROM json_each(${list}) AS member)`;
  return build
    .select({ id: sql`nearest.id`.as("id"), rows: rows.as("rows") })
    .from(sql`(SELECT ${way.nearest}(ends.id) AS id FROM (${ends}) AS ends) AS nearest`);
};
const isBehind = ({ behind }: Way, id: SQLiteColumn, { place }: Given<Values>) => behind(id, place as SQL);

const all = (way: Way): SourceKind => ({
  name: `all ${way.name}`,
  isOfHives: true,
  end: statement<Values>((given) => alone(idBehind(way, hives, hives.id, given))),
  within: (given, isFirst) => isWithin(way, hives.id, given, isFirst),
});
const withStatus = (way: Way): SourceKind => ({
  name: `status ${way.name}`,
  isOfHives: true,
  count: (given) => counted(hives, given, and(ofStatus(given), isBehind(way, hives.id, given))),
  end: statement<Values>((given) => alone(idBehind(way, hives, hives.id, given, ofStatus(given)))),
  within: (given, isFirst) => isWithin(way, hives.id, given, isFirst),
});
const withStatuses = (way: Way): SourceKind => ({
  name: `statuses ${way.name}`,
  count: (given) => counted(hives, given, and(hasOneStatus(given), isBehind(way, hives.id, given))),
  end: statement<Values>((given) => nearest(way, hives, hives.id, given, (status) => eq(hives.status, status))),
  // By the index of each status: between two ids may be any number of hives with another one.
  within: (given, isFirst) => isAmong(way, hives, hives.id, hasOneStatus(given), given, isFirst),
});
const cordoned = (way: Way): SourceKind => ({
  name: `cordons ${way.name}`,
  count: (given) => counted(cordons, given, isBehind(way, cordons.hiveId, given)),
  end: statement<Values>((given) => alone(idBehind(way, cordons, cordons.hiveId, given))),
  within: (given, isFirst) => isAmong(way, cordons, cordons.hiveId, undefined, given, isFirst),
});
const withLabel = (way: Way): SourceKind => ({
  name: `label ${way.name}`,
  count: (given) => counted(hiveLabels, given, and(hasValue(given), isBehind(way, hiveLabels.hiveId, given))),
  end: statement<Values>((given) => alone(idBehind(way, hiveLabels, hiveLabels.hiveId, given, hasValue(given)))),
  within: (given, isFirst) => isAmong(way, hiveLabels, hiveLabels.hiveId, hasValue(given), given, isFirst),
});
const withLabels = (way: Way): SourceKind => ({
  name: `labels ${way.name}`,
  count: (given) => counted(hiveLabels, given, and(hasOneOf(given), isBehind(way, hiveLabels.hiveId, given))),
  end: statement<Values>((given) =>
    nearest(way, hiveLabels, hiveLabels.hiveId, given, (value) => and(hasKey(given), eq(hiveLabels.value, value))),
  ),
  within: (given, isFirst) => isAmong(way, hiveLabels, hiveLabels.hiveId, hasOneOf(given), given, isFirst),
});
/** Its index has the values before the ids: good for few alone. */
const withKey = (way: Way): SourceKind => ({
  name: `key ${way.name}`,
  count: (given) => counted(hiveLabels, given, hasKey(given)),
  within: (given, isFirst) => isAmong(way, hiveLabels, hiveLabels.hiveId, hasKey(given), given, isFirst),
});
const withModel = (way: Way): SourceKind => ({
  name: `model ${way.name}`,
  count: (given) => counted(hiveGpus, given, and(hasModel(given), isBehind(way, hiveGpus.hiveId, given))),
  end: statement<Values>((given) =>
    nearest(way, hiveGpus, hiveGpus.hiveId, given, (model) => eq(hiveGpus.model, model)),
  ),
  within: (given, isFirst) => isAmong(way, hiveGpus, hiveGpus.hiveId, hasModel(given), given, isFirst),
});
/** Those whose ids are known: few, and in one window. */
const withIds = (way: Way): SourceKind => ({
  name: `ids ${way.name}`,
  within: (given, isFirst) => and(inList(hives.id, given.list as SQL), isWithin(way, hives.id, given, isFirst)),
});

const kindsOf = (way: Way) => ({
  ...{ all: all(way), withStatus: withStatus(way), withStatuses: withStatuses(way), cordoned: cordoned(way) },
  ...{ withLabel: withLabel(way), withLabels: withLabels(way), withKey: withKey(way) },
  ...{ withModel: withModel(way), withIds: withIds(way) },
});
const KINDS = { ascending: kindsOf(WAYS.ascending), descending: kindsOf(WAYS.descending) };

/** More models than these are too many arms of a window. */
const MAX_MODELS = 32;

/** Each of them has all hives that a query can find. */
export function sourcesOf(query: Query, rows: GpuRows | undefined): Source[] {
  const { selector, gpu, statuses, cordoned: isCordoned, direction } = query;
  const { withKey, cordoned, withModel } = KINDS[direction];
  const sources: Source[] = [];
  for (const term of selector.terms) {
    const { key, operator, values } = term;
    if (operator === "in") sources.push({ ...ofValues(direction, key, values), term });
    if (operator === "exists") sources.push({ kind: withKey, values: { key }, term });
  }
  if (statuses !== undefined) sources.push(ofStatuses(direction, statuses));
  if (isCordoned) sources.push({ kind: cordoned, values: {} });
  if (rows?.models !== undefined && rows.models.length <= MAX_MODELS && gpu !== undefined && gpu.count.min > 0) {
    sources.push({ kind: withModel, values: { list: JSON.stringify(rows.models) } });
  }
  return sources;
}

function ofStatuses(direction: Direction, [only = "", ...others]: readonly string[]): Source {
  const { withStatus, withStatuses } = KINDS[direction];
  if (others.length === 0) return { kind: withStatus, values: { status: only } };
  return { kind: withStatuses, values: { list: JSON.stringify([only, ...others]) } };
}

/** A list of one is no list: to open one takes longer than to look for one value. */
function ofValues(direction: Direction, key: string, [only = "", ...others]: readonly string[]): Source {
  const { withLabel, withLabels } = KINDS[direction];
  if (others.length === 0) return { kind: withLabel, values: { key, value: only } };
  return { kind: withLabels, values: { key, list: JSON.stringify([only, ...others]) } };
}

/** A source, and how many rows of it there are behind a place, where that is known. */
export type Leading = { readonly source: Source; readonly rows?: number };

type Bounds = {
  /** Beyond so many rows, a source is only known to have more. */
  readonly maxCounted: number;
  /** Rows of one window. */
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
  const ALL: Source = { kind: all, values: {} };
  const [only] = sources;
  if (only === undefined) return { source: ALL };
  if (sources.length === 1 && only.kind.end !== undefined) return { source: only };
  const least = async (atMost: number) => {
    const counted = await countAll(client, sources, place, atMost);
    const usable = counted.filter(
      ({ source, rows }) => source.kind.end !== undefined || rows <= Math.min(atMost, maxWindow),
    );
    return leastOf(usable, { source: ALL, rows: Number.POSITIVE_INFINITY });
  };
  const few = await least(FEW);
  if (few.rows <= FEW) return few;
  const { source, rows } = await least(maxCounted);
  return rows <= maxCounted ? { source, rows } : { source };
}

type Counted = { readonly source: Source; readonly rows: number };

function leastOf(counted: readonly Counted[], all: Counted): Counted {
  return counted.reduce((least, one) => (one.rows < least.rows ? one : least), all);
}

/** Up to one more than `atMost`, of all in one statement. */
async function countAll(client: CallClient, sources: readonly Source[], place: Place, atMost: number) {
  const values = sources.flatMap((source, n) =>
    Object.entries(source.values).map(([name, value]) => [`${n}_${name}`, value] as const),
  );
  const query = counts(sources.map(({ kind }) => kind));
  const row = await client.first(query({ ...Object.fromEntries(values), place, limit: atMost + 1 }));
  return sources.map((source, n): Counted => ({ source, rows: countIn(row, n) }));
}

const kept = new Map<string, (values: Values) => SqlStatement>();

function counts(kinds: readonly SourceKind[]): (values: Values) => SqlStatement {
  const shape = kinds.map(({ name }) => name).join(", ");
  const known = kept.get(shape);
  if (known !== undefined) return known;
  const made = statement<Values>((given) => {
    const columns = kinds.map(({ count }, n) => [`of_${n}`, (count?.(ofSource(given, n)) ?? sql`0`).as(`of_${n}`)]);
    return build.select(Object.fromEntries(columns)).from(sql`(SELECT 1)`);
  });
  const [oldest] = kept.keys();
  if (kept.size >= MAX_KEPT && oldest !== undefined) kept.delete(oldest);
  kept.set(shape, made);
  return made;
}

/** The placeholders of one source among several. */
function ofSource(given: Given<Values>, n: number): Given<Values> {
  const { place, limit } = given as Given<{ place: string; limit: number }>;
  return new Proxy({ place, limit } as unknown as Given<Values>, {
    get: (shared, name) => Reflect.get(shared, name) ?? given[`${n}_${String(name)}`],
  });
}
