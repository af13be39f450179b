import { Readable } from "node:stream";

/** As much as is written before the caller has taken what came before. */
const PIECE_BYTES = 16_384;

/** The same bytes, of which a caller who reads slowly never holds more than a piece. */
export function bytesInPieces(bytes: Buffer): Readable {
  return Readable.from(
    (function* () {
      for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
        yield bytes.subarray(start, start + PIECE_BYTES);
      }
    })(),
  );
}

/**
 * The JSON of an answer with a long list, which is the first that it has: step by step, as it is read. `answer` makes the whole of the items, and is
 * called without any: for the beginning, and once all were read for the end.
 */
export function listInPieces<Item>(
  steps: AsyncIterable<readonly Item[]>,
  answer: (items: never[]) => object,
  toText: (item: Item) => string = (item) => JSON.stringify(item),
): Readable {
  const halves = () => {
    const text = JSON.stringify(answer([]));
    const middle = text.indexOf("[") + 1;
    return [text.slice(0, middle), text.slice(middle)] as const;
  };
  return Readable.from(
    (async function* () {
      let before = halves()[0];
      for await (const items of steps) {
        if (items.length === 0) continue;
        // Not joined: that would copy all of it once more.
        let text = "";
        for (const item of items) {
          text += before + toText(item);
          before = ",";
        }
        // As bytes, which are counted and written without being looked at again.
        yield Buffer.from(text);
      }
      yield Buffer.from((before === "," ? "" : before) + halves()[1]);
    })(),
  );
}
