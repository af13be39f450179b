import { and, eq, isNull, type SQL, sql } from "drizzle-orm";
import * as z from "zod";
import type { CallClient, SqlValue } from "../drivers/client.ts";
import { turnOfTheLoop } from "../event-loop.ts";
import { checkArgument, checkBoolean, checkInteger, invalidArgument, isKey } from "../model/check.ts";
import { OPERATION_KINDS, OPERATION_STATES, type OperationRecord, operationFields } from "../model/operation.ts";
import { isRecordId } from "../model/texts.ts";
import type { FoundOperations, OperationFindOptions } from "../options.ts";
import { operations } from "../schema.ts";
import {
  type BytesRead,
  collect,
  type Finder,
  finder,
  newestFirst,
  type OnDamage,
  type Paging,
  pages,
  readPage,
} from "../sql/reading.ts";
import { RowReader } from "../sql/rows.ts";
import { build, type Given, statement } from "../sql/statement.ts";

const DEFAULT_LIMIT = 100;
/** An operation's row can be large. */
const PAGE_SIZE = 200;
/** Operations that one statement looks at, and how often one call does. */
const WINDOW_SIZE = 2000;
const MAX_WINDOWS = 10;

export const operationReader = new RowReader<OperationRecord>({
  table: operations,
  fields: operationFields,
  thing: "operation",
});

type OfHive = { hiveId: string };
/** Of each a JSON list; null for any. */
type Wanted = { state: string | null; kind: string | null };
type OfAny = Wanted & { hiveId: string | null };

const isWanted = ({ state, kind }: Given<Wanted>): SQL | undefined =>
  and(isAs(operations.state, state), isAs(operations.kind, kind));
const isAs = (column: typeof operations.state | typeof operations.kind, value: SQL<string | null>): SQL =>
  sql`(${value} IS NULL OR ${column} IN (SELECT value FROM json_each(${value})))`;
export const ofHive = ({ hiveId }: Given<OfHive>): SQL => eq(operations.hiveId, hiveId);
export const isUnfinished = isNull(operations.finishedAtMs);

/** By their index: SQLite would walk the whole table to be spared the sorting of a few. */
const newestOfFew = { ...newestFirst, columns: { rowId: sql`+rowid` } };
const all = finder<OperationRecord, object>(operationReader, newestFirst);
/** With `sinceAdded` 1, of the present one. Which hive they are of no clock tells: one that was set back would put them before the hive. */
const ofOneHive = finder<OperationRecord, OfHive & Wanted & { sinceAdded: number }>(
  operationReader,
  newestFirst,
  (given) =>
    and(ofHive(given), sql`(NOT ${given.sinceAdded} OR ${operations.hiveRemovedAtMs} IS NULL)`, isWanted(given)),
);
const unfinished = finder<OperationRecord, OfAny>(operationReader, newestOfFew, (given) =>
  and(isUnfinished, sql`(${given.hiveId} IS NULL OR ${operations.hiveId} = ${given.hiveId})`, isWanted(given)),
);
const inWindow = finder<OperationRecord, Wanted & { lastRowId: string }>(operationReader, newestFirst, (given) =>
  and(sql`rowid >= CAST(${given.lastRowId} AS INTEGER)`, isWanted(given)),
);

const placeOfId = statement<{ id: string }>(({ id }) =>
  build.select({ rowId: sql`CAST(rowid AS TEXT)` }).from(operations).where(eq(operations.id, id)),
);
/** The last one of the window before that row; none where the window holds all that are left. */
const endOfWindow = statement<{ rowId: string }>(({ rowId }) =>
  build
    .select({ rowId: sql`CAST(rowid AS TEXT)`, id: sql`hex(${operations.id})` })
    .from(operations)
    .where(sql`rowid < CAST(${rowId} AS INTEGER)`)
    .orderBy(sql`rowid DESC`)
    .limit(1)
    .offset(WINDOW_SIZE - 1),
);
const MAX_ROW_ID = "9223372036854775807";

const Conditions = z.object({ state: someOf(OPERATION_STATES), kind: someOf(OPERATION_KINDS) });

/** One of these, or several. */
function someOf<Name extends string>(names: readonly Name[]) {
  const saying = `must be one of ${names.join(", ")}, or a list of some`;
  const listOf = (given: unknown) => (given === undefined ? given : [given].flat());
  const areNames = (list: unknown[]) => list.length > 0 && list.every((one) => names.some((name) => name === one));
  return z.preprocess(listOf, z.array(z.unknown(), saying).refine(areNames, saying).optional());
}

/** Every one that is not finished, the newest first. */
export function readUnfinished(client: CallClient, onDamage: OnDamage): Promise<OperationRecord[]> {
  const any = { state: null, kind: null, hiveId: null };
  return collect(pages(client, unfinished, any, { pageSize: PAGE_SIZE, onDamage }));
}

/** One page; without `bytes` it is a full one, however long its records are, and however many damaged ones are between them. */
export async function findOperations(
  client: CallClient,
  { hiveId, sinceAdded = false, state, kind, after, limit = DEFAULT_LIMIT }: OperationFindOptions,
  onDamage: OnDamage,
  bytes?: BytesRead,
): Promise<FoundOperations> {
  checkInteger("limit", limit, 1);
  checkBoolean("sinceAdded", sinceAdded);
  if (sinceAdded && hiveId === undefined) throw invalidArgument("sinceAdded", "needs a hiveId");
  const conditions = checkArgument("search", Conditions, { state, kind });
  if (hiveId !== undefined && !isKey(hiveId)) return { operations: [], nextAfter: null };
  const wanted = { state: listText(conditions.state), kind: listText(conditions.kind) };
  const place = after === undefined ? undefined : await placeOf(client, after);
  const paging = { limit, after: place, pageSize: PAGE_SIZE, bytes, onDamage };
  const read = async <V extends Record<string, SqlValue>>(which: Finder<OperationRecord, V>, values: V) => {
    const { records, nextAfter } = await readPage(client, which, values, paging);
    return { operations: records, nextAfter };
  };
  if (wanted.state === RUNNING) return read(unfinished, { ...wanted, hiveId: hiveId ?? null });
  if (hiveId !== undefined) return read(ofOneHive, { ...wanted, hiveId, sinceAdded: sinceAdded ? 1 : 0 });
  const isOfAll = wanted.state === null && wanted.kind === null;
  if (isOfAll && bytes === undefined) return read(all, {});
  return findInWindows(client, wanted, paging);
}

const listText = (list: readonly unknown[] | undefined): string | null =>
  list === undefined ? null : JSON.stringify([...new Set(list)]);
const RUNNING = JSON.stringify(["running"]);

/** No index knows states or kinds, nor what is damaged: the operations are looked at window by window. */
async function findInWindows(
  client: CallClient,
  wanted: Wanted,
  { limit, after, bytes, ...paging }: Paging<OperationRecord> & { limit: number; after: { rowId: string } | undefined },
): Promise<FoundOperations> {
  const found: OperationRecord[] = [];
  let place = after;
  for (let windows = 1; ; windows++) {
    const [rowId, hexId] = (await client.first(endOfWindow(place ?? { rowId: MAX_ROW_ID }))) ?? [];
    const window = { ...wanted, lastRowId: String(rowId ?? 0) };
    const batches = pages(client, inWindow, window, { ...paging, bytes, limit: limit - found.length, after: place });
    found.push(...(await collect(batches)));
    if (found.length === limit || bytes?.hasEndedPage)
      return { operations: found, nextAfter: found.at(-1)?.id ?? null };
    if (rowId === undefined) return { operations: found, nextAfter: null };
    place = { rowId: String(rowId) };
    const id = Buffer.from(String(hexId), "hex").toString("utf8");
    // A damaged id is no place to go on from.
    if (windows >= MAX_WINDOWS && isRecordId(id)) return { operations: found, nextAfter: id };
    await turnOfTheLoop();
  }
}

async function placeOf(client: CallClient, id: string): Promise<{ rowId: string }> {
  const row = isRecordId(id) ? await client.first(placeOfId({ id })) : undefined;
  if (row === undefined) throw invalidArgument("after", "must be the id of an operation that is still kept");
  return { rowId: String(row[0]) };
}
