import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";

/** As much as is written before the caller has taken what came before. */
const PIECE_BYTES = 16_384;

/** An answer of these bytes, of which a caller who reads slowly never holds more than a piece. */
export function bytesInPieces(bytes: Buffer, reply: FastifyReply): Readable {
  reply.header("content-length", bytes.length);
  return Readable.from(
    (function* () {
      for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
        yield bytes.subarray(start, start + PIECE_BYTES);
      }
    })(),
  );
}

/** So much of a list is written in one turn of the event loop, and the item that makes it more. */
const LIST_PIECE_LENGTH = 262_144;

interface Writing<Item> {
  /** Resolves in a turn of the event loop for the next piece. */
  turn(): Promise<void>;
  toText?(item: Item): string;
}

/**
 * The JSON of an answer with a long list, which is the first that it has: in batches, as they are read. `answer` makes the whole of the items, and is
 * called without any: for the beginning, and once all were read for the end.
 */
export function listInPieces<Item>(
  batches: AsyncIterable<readonly Item[]>,
  answer: (items: never[]) => object,
  writing: Writing<Item>,
): Readable {
  const { toText = JSON.stringify } = writing;
  const halves = () => {
    const text = JSON.stringify(answer([]));
    const middle = text.indexOf("[") + 1;
    return [text.slice(0, middle), text.slice(middle)] as const;
  };
  return Readable.from(
    (async function* () {
      let before = halves()[0];
      for await (const items of batches) {
        if (items.length === 0) continue;
        // Not joined: that would copy all of it once more.
        let text = "";
        for (const item of items) {
          if (text.length > LIST_PIECE_LENGTH) {
            yield Buffer.from(text);
            text = "";
            await writing.turn();
          }
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
