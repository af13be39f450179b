import type { Readable } from "node:stream";
import * as z from "zod";
import type { Costs } from "../door/costs.ts";
import { listInPieces } from "../pieces.ts";
import { upTo, wholeNumber } from "./query-fields.ts";

const DEFAULT_SIZE = 100;
const MAX_SIZE = 1000;

export const pageQuery = (things: string) => ({
  after: z.string().optional().meta({ description: "The `next_after` of the page before" }),
  limit: wholeNumber(upTo(MAX_SIZE).default(DEFAULT_SIZE)).meta({ description: `${things} at most` }),
});

export const NextAfter = z
  .string()
  .nullable()
  .meta({ description: "`after` of the next page; null when this is the last one" });

interface Page {
  readonly limit: number;
  readonly after?: string | undefined;
}

/** Some rows, and behind which the list goes on; null at its end. */
interface Found<Row> {
  readonly rows: readonly Row[];
  readonly nextAfter: string | null;
}

/** Of a list that gives fewer than are asked for at its end alone. */
export const foundOf = <Row>(rows: readonly Row[], { limit }: Page, idOf: (row: Row) => string): Found<Row> => {
  const last = rows.at(-1);
  return { rows, nextAfter: last === undefined || rows.length < limit ? null : idOf(last) };
};

interface List<Row, Item, Body> {
  readonly page: Page;
  /** How many are read and written at once, before other work gets its turn. */
  readonly batchSize: number;
  read(page: Page): Promise<Found<Row>>;
  toJson(row: Row): Item;
  /** The items are the first list that it has. */
  answer(items: Item[], nextAfter: string | null): Body;
}

/** The answer with a page of a list; a page of several batches is read and written as the caller takes it. */
export async function answerPage<Row, Item, Body extends object>(
  { page: { limit, after }, batchSize, read, toJson, answer }: List<Row, Item, Body>,
  costs: Costs,
): Promise<Body | Readable> {
  let count = 0;
  let nextAfter: string | null = null;
  const readNext = async () => {
    await costs.turn();
    const size = Math.min(batchSize, limit - count);
    const found = await read({ limit: size, after: nextAfter ?? after });
    count += found.rows.length;
    nextAfter = found.nextAfter;
    return { items: found.rows.map(toJson), isLast: found.rows.length < size || count === limit };
  };
  const whole = (items: Item[]) => answer(items, nextAfter);
  const first = await readNext();
  return first.isLast ? whole(first.items) : listInPieces(batchesFrom(first, readNext), whole, costs);
}

interface Batch<Item> {
  readonly items: Item[];
  readonly isLast: boolean;
}

/** The items of all batches, of which the first was made: so what is wrong is answered before anything is written. */
export async function* batchesFrom<Item>(
  first: Batch<Item>,
  readNext: () => Promise<Batch<Item>>,
): AsyncGenerator<readonly Item[]> {
  for (let { items, isLast } = first; ; { items, isLast } = await readNext()) {
    yield items;
    if (isLast) return;
  }
}
