/** Asks for each of them, so many at a time; the answers come in their order. The first that fails fails all, and nothing more is asked. */
export async function inParallel<Item, Answer>(
  items: readonly Item[],
  atOnce: number,
  ask: (item: Item) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const left = entriesOf(items);
  const askOn = async () => {
    for (const [at, item] of left) answers[at] = await ask(item);
  };
  await Promise.all(Array.from({ length: atOnce }, askOn));
  return answers;
}

/** Unlike an array's own, whoever leaves a loop over them ends it for all. */
function* entriesOf<Item>(items: readonly Item[]) {
  yield* items.entries();
}
