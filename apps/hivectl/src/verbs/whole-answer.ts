import { QueenNoAnswer } from "@repo/queen-client";

/** The lines of an answer of which the last is `end`; one without it was cut off on its way, and what it leaves out is not known. */
export async function* wholeAnswer<Line extends { readonly type: string }>(
  lines: AsyncIterable<Line>,
): AsyncGenerator<Line, void, undefined> {
  let isWhole = false;
  for await (const line of lines) {
    isWhole = line.type === "end";
    yield line;
  }
  if (!isWhole) throw new QueenNoAnswer("unreachable", "the connection broke: the answer has no end");
}
