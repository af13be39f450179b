import { setImmediate as immediate } from "node:timers/promises";

/**
 * Lets everything that waits have the event loop: one whole turn of it at least. What an answer sets off runs between the sockets and the first
 * immediate of the same turn, with no timer and no socket in between: hence two.
 */
export async function wholeTurn(): Promise<void> {
  await immediate();
  await immediate();
}

/** The items, so many at a time, with a whole turn of the event loop between one batch and the next, or as much as `turn` waits for: what changes meanwhile is seen by the next. */
export async function* inBatches<Item>(
  items: Iterable<Item>,
  size: number,
  turn = wholeTurn,
): AsyncGenerator<Item[], undefined> {
  let batch: Item[] = [];
  for (const item of items) {
    if (batch.push(item) < size) continue;
    yield batch;
    batch = [];
    await turn();
  }
  if (batch.length > 0) yield batch;
}
