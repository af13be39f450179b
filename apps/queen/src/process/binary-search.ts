/** The first of so many places for which `isBehind` holds, as it does for all after it; `count` where it holds for none. */
export function firstPlace(count: number, isBehind: (place: number) => boolean): number {
  let [from, to] = [0, count];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (isBehind(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}
