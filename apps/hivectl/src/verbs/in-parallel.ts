/** Asks for each of them, so many at a time; the answers come in their order. Once one fails, nothing more is asked, and when the others that were asked have ended, all fails. */
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
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, askOn));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return answers;
}

/** Unlike an array's own, whoever leaves a loop over them ends it for all. */
function* entriesOf<Item>(items: readonly Item[]) {
  yield* items.entries();
}
