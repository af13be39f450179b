/** Asks for each of them, so many at a time; the answers come in their order. The first that fails fails all. */
export async function inParallel<Item, Answer>(
  items: readonly Item[],
  atOnce: number,
  ask: (item: Item) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const left = items.entries();
  const askOn = async () => {
    for (const [at, item] of left) answers[at] = await ask(item);
  };
  await Promise.all(Array.from({ length: atOnce }, askOn));
  return answers;
}
