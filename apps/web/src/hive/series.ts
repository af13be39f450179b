/** Values of one thing, the newest last, and when the newest was read. */
export interface Series {
  readonly values: readonly number[];
  readonly readAtMs: number;
}

const MAX_SEEN = 60;
/** Nothing is read so often: how long an answer was on its way makes one reading look like two. */
const SAME_READING_MS = 900;

/** … and what was read now, unless it is the same reading that is told once more. */
export function withReading(before: Series | undefined, value: number, readAtMs: number): Series {
  if (before === undefined) return { values: [value], readAtMs };
  if (readAtMs - before.readAtMs < SAME_READING_MS) return before;
  return { values: [...before.values, value].slice(-MAX_SEEN), readAtMs };
}
