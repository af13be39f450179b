import type { GpuRequirement } from "@repo/device-types";
import { and, sql } from "drizzle-orm";
import type { Calls } from "../calls.ts";
import type { CallClient } from "../drivers/client.ts";
import { turnOfTheLoop } from "../event-loop.ts";
import { DEFAULT_STREAM_PAGE, tellingOf } from "../hives/reader.ts";
import { hiveReader } from "../hives/statements.ts";
import { checkFunction, checkInteger } from "../model/check.ts";
import type { HiveRecord } from "../model/hive.ts";
import {
  FIND_OPTIONS,
  FIND_STREAM_OPTIONS,
  type FindOptions,
  type FindStreamOptions,
  type FoundHives,
} from "../options.ts";
import { hiveGpus } from "../schema.ts";
import { distinctTexts } from "../sql/distinct.ts";
import { BytesRead, collect, type Finder, finder, MAX_PAGE, type OnDamage, pages, readPage } from "../sql/reading.ts";
import { bytesOf, keyOf } from "../sql/rows.ts";
import { build, countIn, statement } from "../sql/statement.ts";
import { type Condition, conditionsOf, type GpuRows, type Values } from "./conditions.ts";
import { hasDevices, placeIn, type Query, queryIn } from "./query.ts";
import { type Bounds, ENDS, fewest, type Leading, orderOf, type Place, type Source, sourcesOf } from "./sources.ts";

type PageBounds = Bounds & {
  /** Rows of all windows of a page: what is not found until then is left for the next one. */
  readonly maxRows: number;
};
const BOUNDS: PageBounds = { maxCounted: 1000, maxWindow: 2000, maxRows: 20_000 };
/** Of a page: where one of many values is common, and the others are rare, windows hold far fewer rows than they may. */
const MAX_WINDOWS = 150;
/** What the conditions of one statement may cost: some milliseconds. */
const MAX_COST = 6000;
/** Rows of a window where each record has to be looked at. */
const MAX_RECORDS = 500;
const ROWS_PER_RECORD = 4;
/** Records that are read at once. */
const PAGE_SIZE = 250;
/** Models of a fleet by which it is searched: with more, devices themselves are looked at. */
const MAX_MODELS = 1000;
/** Finders that are kept, one for each shape of a query. */
const MAX_KEPT = 100;

type Access = {
  readonly calls: Calls;
  readonly now: () => number;
  readonly onDamage: OnDamage;
  /** Whether all rows of GPUs are known to be those of the devices. */
  readonly knowsGpus: () => boolean;
};

type Plan = {
  readonly query: Query;
  readonly leading: Leading;
  readonly conditions: readonly Condition[];
  /** Whether SQL cannot tell all that is looked for, so that every record of a window is read. */
  readonly readsAll: boolean;
  /** Rows of one window. */
  readonly maxWindow: number;
  readonly onDamage: OnDamage;
};

type Window = {
  readonly place: string | undefined;
  readonly end: string | undefined;
  readonly limit: number;
  readonly bytes: BytesRead;
};

const modelsOf = statement<{ limit: number }>(({ limit }) => {
  const models = distinctTexts(hiveGpus.model, sql`>= ''`, limit);
  return build.select({ list: sql`CAST(json_group_array(hex(held)) AS BLOB)`.as("list") }).from(models);
});

/**
 * Finds hives by all that can be asked of them together. Of the conditions that an index serves, the one with the fewest rows leads; its rows are read
 * in windows, so that no statement runs for long however few hives are found.
 */
export class HiveFinder {
  readonly #access: Access;
  readonly #bounds: PageBounds;
  readonly #finders = new Map<string, Finder<HiveRecord, Values>>();

  constructor(access: Access, bounds: PageBounds = BOUNDS) {
    this.#access = access;
    this.#bounds = bounds;
  }

  page(options: FindOptions = {}): Promise<FoundHives> {
    return this.#access.calls.run((client) => this.#page(client, options), options, FIND_OPTIONS);
  }

  /** `options` may have the `known` ones. */
  async *stream(
    options: FindStreamOptions = {},
    known: readonly (keyof FindStreamOptions)[] = FIND_STREAM_OPTIONS,
  ): AsyncGenerator<HiveRecord, void, undefined> {
    const { calls } = this.#access;
    const checked = () => {
      const { pageSize = DEFAULT_STREAM_PAGE, signal, ...query } = options;
      checkInteger("pageSize", pageSize, 1, MAX_PAGE);
      return { query: { ...query, limit: pageSize }, called: signal && { signal } };
    };
    const { query, called } = await calls.run(checked, options, known);
    for (let page: FindOptions = query; ; ) {
      const from = page;
      const { hives, nextAfter } = await calls.run((client) => this.#page(client, from), called);
      yield* hives;
      if (nextAfter === null) return;
      page = { ...query, after: nextAfter };
    }
  }

  async #page(client: CallClient, options: FindOptions): Promise<FoundHives> {
    const query = queryIn(options);
    const { after, limit } = placeIn(options);
    checkFunction("onCorruptHive", options.onCorruptHive);
    const onDamage = options.onCorruptHive ? tellingOf(options.onCorruptHive) : this.#access.onDamage;
    const rows = query.gpu && this.#access.knowsGpus() ? await rowsFor(client, query.gpu) : undefined;
    const readsAll = query.gpu !== undefined && rows === undefined;
    const nowMs = this.#access.now();
    const { maxCounted } = this.#bounds;
    const maxWindow = this.#maxWindow(conditionsOf(query, { rows, term: undefined, nowMs }), readsAll);
    const { first } = ENDS[query.direction];
    const leading = await fewest(client, sourcesOf(query, rows), query, after ?? first, { maxCounted, maxWindow });
    const conditions = conditionsOf(query, { rows, term: leading.source.term, nowMs });
    const { kind, values } = leading.source;
    // Where every hive of the source is looked for, whatever its id is, no window has to end.
    if (kind.all !== undefined && conditions.every(({ shape }) => shape === "status")) {
      const place = after === undefined ? undefined : { id: after };
      const paging = { limit, after: place, pageSize: PAGE_SIZE, bytes: new BytesRead(), onDamage };
      const { records, nextAfter } = await readPage(client, kind.all, values, paging);
      return { hives: records, nextAfter };
    }
    return this.#windows(client, { query, leading, conditions, readsAll, maxWindow, onDamage }, after, limit);
  }

  /** Rows of one window, so that no statement takes longer than some milliseconds. */
  #maxWindow(conditions: readonly Condition[], readsAll: boolean): number {
    const cost = conditions.reduce((sum, condition) => sum + condition.cost, 1);
    const { maxWindow } = this.#bounds;
    return Math.min(maxWindow, readsAll ? MAX_RECORDS : maxWindow, Math.floor(MAX_COST / cost));
  }

  async #windows(client: CallClient, plan: Plan, after: string | undefined, limit: number): Promise<FoundHives> {
    const hives: HiveRecord[] = [];
    const { maxWindow, readsAll } = plan;
    const bounds = this.#bounds;
    const maxRows = readsAll ? maxWindow * (bounds.maxRows / bounds.maxWindow) : bounds.maxRows;
    let place = after;
    let size = Math.min(maxWindow, Math.max(PAGE_SIZE, limit * ROWS_PER_RECORD));
    const bytes = new BytesRead();
    for (let looked = 0, windows = 0; looked < maxRows && windows < MAX_WINDOWS && !bytes.areEnough; windows++) {
      if (windows > 0) await turnOfTheLoop();
      const { source, rows = Number.POSITIVE_INFINITY } = plan.leading;
      const from = place ?? ENDS[plan.query.direction].first;
      const end = rows < size ? undefined : await endOf(client, source, from, size);
      const found = await this.#window(client, plan, { place, end: end?.id, limit: limit - hives.length, bytes });
      hives.push(...found);
      if (hives.length === limit || bytes.hasEndedPage) return { hives, nextAfter: hives.at(-1)?.id ?? null };
      if (end === undefined) return { hives, nextAfter: null };
      looked += end.rows;
      place = end.id;
      size = maxWindow;
    }
    return { hives, nextAfter: place ?? null };
  }

  /** What is found between two places, until there are enough or much was read. */
  #window(client: CallClient, plan: Plan, { place, end, limit, bytes }: Window): Promise<HiveRecord[]> {
    const { leading, conditions, query, readsAll, onDamage } = plan;
    const values: Values = Object.assign({}, leading.source.values, ...conditions.map((condition) => condition.values));
    const { first, last } = ENDS[query.direction];
    const within = { windowAfter: place ?? first, windowEnd: end ?? last };
    // Rows of GPUs may be behind: what is told has the devices that were asked for.
    const isWanted = (record: HiveRecord) => hasDevices(query, record);
    const pageSize = readsAll ? PAGE_SIZE : Math.min(limit, PAGE_SIZE);
    const paging = { limit, isWanted, pageSize, bytes, onDamage };
    const finder = this.#finder(plan, place === undefined);
    return collect(pages(client, finder, { ...values, ...within }, paging));
  }

  #finder(
    { leading: { source }, conditions, query: { direction } }: Plan,
    isFirst: boolean,
  ): Finder<HiveRecord, Values> {
    const shape = [source.kind.name, isFirst, ...conditions.map((condition) => condition.shape)].join("|");
    const kept = this.#finders.get(shape);
    if (kept !== undefined) return kept;
    const made = finder<HiveRecord, Values>(hiveReader, orderOf(direction), (given) =>
      and(source.kind.within(given, isFirst), ...conditions.map(({ where }) => where(given))),
    );
    if (this.#finders.size >= MAX_KEPT) this.#finders.clear();
    this.#finders.set(shape, made);
    return made;
  }
}

/** Undefined where there are too many models to choose from. */
async function rowsFor(client: CallClient, gpu: GpuRequirement): Promise<GpuRows | undefined> {
  if (gpu.names.length === 0) return { models: undefined };
  const row = await client.first(modelsOf({ limit: MAX_MODELS + 1 }));
  const held = JSON.parse(bytesOf(row?.[0]).toString("utf8") || "[]") as string[];
  if (held.length > MAX_MODELS) return undefined;
  return {
    models: held.map((hex) => Buffer.from(hex, "hex").toString("utf8")).filter((model) => gpu.matchesModel(model)),
  };
}

/** A window ends at an id that has so many rows before it. */
type End = { readonly id: string; readonly rows: number };

/** Undefined where the source has no more rows than a window. */
async function endOf(
  client: CallClient,
  { kind, values }: Source,
  place: Place,
  size: number,
): Promise<End | undefined> {
  if (kind.end === undefined) return undefined;
  const isList = typeof values.list === "string";
  const members = isList ? JSON.parse(String(values.list)).length : 1;
  // Once more where another program damaged the id at the end: it cannot be asked for.
  for (let rows = Math.ceil(size / Math.max(1, members)); ; rows++) {
    const row = await client.first(kind.end({ ...values, place, rows: rows - 1 }));
    const [held] = row ?? [];
    if (held === null || held === undefined) return undefined;
    const id = keyOf(held);
    if (id !== undefined) return { id, rows: isList ? countIn(row, 1) : rows };
  }
}
