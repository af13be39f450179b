import { type Signal, signal } from "@preact/signals";
import { placeNumberOf, type QueenEvent } from "@repo/queen-client";
import { FILTERS } from "../words/filters.ts";
import { client, type Fault, faultOf } from "./api.ts";
import { type Change, changeToTell } from "./change.ts";
import { listenFrom, lostAtMs, type News, onNews } from "./live.ts";
import { endSession, isUnknown } from "./session.ts";
import { tick } from "./ticked.ts";
import type { FleetPage, FleetRow, FleetTotals } from "./types.ts";

/** A row, when it came, and how often its status has changed in view. */
export interface SeenRow {
  readonly row: FleetRow;
  readonly atMs: number;
  readonly changes: number;
  /** It is in the catalog no more. */
  readonly isGone: boolean;
}

const PAGE_SIZE = 100;
/** A table of more is nothing that anybody reads, and slow to draw: filters find what is sought. */
export const MAX_ROWS = 500;
/** Beats tell nothing by themselves: as often as they come, their ages are read anew. */
const REREAD_MS = 15_000;
/** … and so soon after something happened that may have changed counts and order: the counts that she tells may be of a moment before. */
const SETTLE_MS = 2000;

/** The parameters of the API that are in the address. */
const PARAMETERS = [...Object.keys(FILTERS), "group_by", "sort"];

export const totals = signal<FleetTotals | undefined>(undefined);
export const fault = signal<Fault | undefined>(undefined);
/** The hives that are shown, in the order in which they were when somebody asked for them. */
export const order = signal<readonly string[] | undefined>(undefined);
/** Whether an answer to what was asked last is still awaited. */
export const isAsking = signal(false);
/** How the list is another one than the one that is shown. */
export const moved = signal<Change | undefined>(undefined);
export const hasMore = signal(false);
export const damaged = signal<FleetPage["damaged"]>([]);
/** The last change of a status, for whoever listens rather than looks. */
export const spoken = signal("");

const rows = new Map<string, Signal<SeenRow>>();
let asked: Record<string, string> = {};
let limit = PAGE_SIZE;
let reading = 0;
/** The last reading that was answered, or failed. */
let answered = 0;
let position = 0;
let rereading: ReturnType<typeof setTimeout> | undefined;
let rereadAtMs = 0;

export const rowOf = (id: string): Signal<SeenRow> | undefined => rows.get(id);

/** Shows the hives for which the parameters of the address hold. */
export function show(query: URLSearchParams): void {
  const next = Object.fromEntries(
    PARAMETERS.flatMap((name) => (query.get(name) ? [[name, query.get(name) as string]] : [])),
  );
  if (order.value !== undefined && JSON.stringify(next) === JSON.stringify(asked)) return;
  asked = next;
  limit = PAGE_SIZE;
  void read({ anew: true });
}

/** What every view shows of the fleet: how many are offline, and what happens from now on. */
export async function begin(): Promise<void> {
  if (order.value !== undefined) return;
  try {
    const page = await client.value.listFleet({ limit: 1 });
    totals.value = page.totals;
    listenFrom(page.position);
  } catch (error) {
    endSession(error);
    if (!isUnknown(error)) setTimeout(() => void begin(), REREAD_MS);
  }
}

export function showMore(): void {
  limit = Math.min(limit + PAGE_SIZE, MAX_ROWS);
  void read({ anew: true });
}

/** As they are now, in their order of now. */
export const showNow = (): Promise<void> => read({ anew: true });

async function read({ anew }: { anew: boolean }): Promise<void> {
  const own = ++reading;
  if (anew) isAsking.value = true;
  try {
    const page = await client.value.listFleet({ ...asked, limit });
    if (own !== reading) return;
    take(page, anew || order.value === undefined || order.value.length === 0);
    fault.value = undefined;
    listenFrom(page.position);
  } catch (error) {
    if (own !== reading) return;
    if (anew || lostAtMs.value === null) fault.value = faultOf(error);
    endSession(error);
  } finally {
    if (own === reading) {
      answered = own;
      isAsking.value = false;
      rereadIn(REREAD_MS);
    }
  }
}

/** Once, however often it is asked for meanwhile. */
function rereadIn(ms: number): void {
  const atMs = Date.now() + ms;
  if (rereading !== undefined && rereadAtMs <= atMs) return;
  clearTimeout(rereading);
  rereadAtMs = atMs;
  rereading = setTimeout(() => {
    rereading = undefined;
    if (document.hidden) rereadIn(REREAD_MS);
    else if (answered < reading) rereadIn(SETTLE_MS);
    else void read({ anew: false });
  }, ms);
}

function take(page: FleetPage, anew: boolean): void {
  position = placeNumberOf(page.position);
  const atMs = Date.now();
  for (const row of page.hives) put(row.hive.id, row, atMs);
  totals.value = page.totals;
  hasMore.value = page.next_after !== null;
  if (tellsOfAll(page)) dropOthers(page);
  damaged.value = page.damaged;
  const ids = page.hives.map(({ hive }) => hive.id);
  const shown = order.value ?? [];
  // What comes behind the others moves nothing.
  if (anew || shown.every((id, index) => ids[index] === id)) {
    order.value = ids;
    moved.value = undefined;
  } else moved.value = changeToTell(shown, ids, { sort: asked.sort, isPart: hasMore.value });
  // Where nobody asks for the list of now, the hives that come and go would add up.
  const kept = new Set(order.value);
  for (const id of rows.keys()) if (!kept.has(id)) rows.delete(id);
}

/** Whether a hive that is not in the answer is not in the catalog. */
const tellsOfAll = ({ next_after: next, totals: { total } }: FleetPage): boolean =>
  total === 0 || (next === null && Object.keys(asked).every((name) => name === "sort" || name === "group_by"));

/** Hives of which nobody told that they were removed, as when another queen is in the place of the one before. */
function dropOthers({ hives }: FleetPage): void {
  const there = new Set(hives.map(({ hive }) => hive.id));
  for (const id of rows.keys()) if (!there.has(id)) drop(id);
}

/** It is in the catalog no more: nothing is to be done with it. */
function drop(id: string): void {
  tick([id], false);
  const held = rows.get(id);
  if (held !== undefined && !held.value.isGone) held.value = { ...held.value, isGone: true };
}

/** A row that is shown is another one, in its place. */
function put(id: string, row: FleetRow, atMs: number): void {
  const held = rows.get(id);
  if (held === undefined) {
    rows.set(id, signal({ row, atMs, changes: 0, isGone: false }));
    return;
  }
  const before = held.value;
  const isOther = before.row.status.value !== row.status.value;
  if (isOther) spoken.value = `${id} went ${row.status.value}`;
  held.value = { row, atMs, changes: before.changes + (isOther ? 1 : 0), isGone: false };
}

onNews((news: News) => {
  if (news === "missed") return void read({ anew: false });
  const atMs = Date.now();
  let isSettled = true;
  for (const event of news) {
    if (event.type !== "workers") isSettled = false;
    if (placeNumberOf(event.id) > position) fold(event, atMs);
  }
  // Rows of an answer are as of its position; its counts, and its order, may be of before.
  if (!isSettled) rereadIn(SETTLE_MS);
});

function fold(event: QueenEvent, atMs: number): void {
  const { hive_id: id, row } = event.data as { hive_id?: string; row?: FleetRow | null };
  if (id === undefined || row === undefined) return;
  if (row === null) drop(id);
  else if (rows.has(id)) put(id, row, atMs);
}
