/** What `work` resolves to, and how many turns of the event loop other work had meanwhile. */
export async function countTurns<Result>(work: () => Promise<Result>): Promise<{ result: Result; turns: number }> {
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const result = await work().finally(() => {
    isDone = true;
  });
  return { result, turns };
}
