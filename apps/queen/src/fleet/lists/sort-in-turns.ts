import { inBatches, wholeTurn } from "../../process/turn.ts";

/** Items that are sorted, or moved, before other work gets its turn: a millisecond or two. */
const SORTED_PER_TURN = 2000;
const MERGED_PER_TURN = 10_000;

/** The items in order, without holding the event loop for long. */
export async function sortInTurns<Item>(
  items: readonly Item[],
  compare: (left: Item, right: Item) => number,
): Promise<Item[]> {
  let runs: Item[][] = [];
  for await (const run of inBatches(items, SORTED_PER_TURN)) runs.push(run.sort(compare));
  while (runs.length > 1) {
    const merged: Item[][] = [];
    for (let n = 0; n < runs.length; n += 2) merged.push(await merge(runs[n] ?? [], runs[n + 1] ?? [], compare));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge<Item>(
  left: readonly Item[],
  right: readonly Item[],
  compare: (left: Item, right: Item) => number,
): Promise<Item[]> {
  const merged: Item[] = [];
  let [l, r] = [0, 0];
  while (l < left.length && r < right.length) {
    if (compare(left[l] as Item, right[r] as Item) <= 0) merged.push(left[l++] as Item);
    else merged.push(right[r++] as Item);
    if (merged.length % MERGED_PER_TURN === 0) await wholeTurn();
  }
  for (; l < left.length; l++) merged.push(left[l] as Item);
  for (; r < right.length; r++) merged.push(right[r] as Item);
  return merged;
}
