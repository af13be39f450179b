/** How many are to be shown that are not, how many would be shown no more, and whether others would be elsewhere. */
export interface Change {
  readonly more: number;
  readonly fewer: number;
  readonly isOther: boolean;
}

/** By what changes with every beat: such an order is another one all the time, and so is which hives are the first of it. */
const RESTLESS: ReadonlySet<string | undefined> = new Set(["last_beat", "load", "free_vram"]);

interface List {
  readonly sort: string | undefined;
  /** Whether there are hives behind those that are listed. */
  readonly isPart: boolean;
}

/** What is to be told of a list that is another one than what is shown; undefined when that is nothing. */
export function changeToTell(shown: readonly string[], ids: readonly string[], list: List): Change | undefined {
  const change = difference(shown, ids);
  if (!RESTLESS.has(list.sort?.replace("-", ""))) return change;
  if (list.isPart || (change.more === 0 && change.fewer === 0)) return undefined;
  return { ...change, isOther: false };
}

function difference(shown: readonly string[], ids: readonly string[]): Change {
  const [before, after] = [new Set(shown), new Set(ids)];
  const more = ids.filter((id) => !before.has(id)).length;
  const fewer = shown.filter((id) => !after.has(id)).length;
  const [stayed, stay] = [shown.filter((id) => after.has(id)), ids.filter((id) => before.has(id))];
  return { more, fewer, isOther: stayed.some((id, index) => id !== stay[index]) };
}
