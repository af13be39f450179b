interface Most<Item> {
  readonly count: number;
  readonly length?: number;
  readonly lengthOf?: (item: Item) => number;
}

/** These in their order, as many at a time as one request takes; one that is too long is alone. */
export function* batchesOf<Item>(
  items: readonly Item[],
  { count, length = Infinity, lengthOf = () => 0 }: Most<Item>,
): Generator<Item[], void, undefined> {
  let batch: Item[] = [];
  let left = length;
  for (const item of items) {
    const ownLength = lengthOf(item);
    if (batch.length === count || (batch.length > 0 && ownLength > left)) {
      yield batch;
      batch = [];
      left = length;
    }
    batch.push(item);
    left -= ownLength;
  }
  if (batch.length > 0) yield batch;
}
