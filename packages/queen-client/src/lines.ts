import { noAnswer, QueenNoAnswer } from "./errors.ts";
import { follow } from "./follow.ts";
import { within } from "./waiting.ts";

export type Bytes = ReadableStream<Uint8Array>;

/** The queen says something every 15 s or more often, in the middle of whatever comes in pieces. */
export const SILENCE_MS = 45_000;
/** No line, and no event, is nearly as long: whatever sends more is none of a queen. */
export const MAX_LENGTH = 4 * 1024 * 1024;

interface How {
  /** Ends the reading, and rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** A body that says nothing for so long is given up. While the reader of its lines is busy, this is not counted. */
  readonly silenceMs?: number;
}

/** The lines of a body, as they come. What is after the last end of a line comes too, unless it is empty. */
export async function* linesOf(body: Bytes, how: How): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of piecesOf(body, how)) {
    rest += decoder.decode(piece, { stream: true });
    // The last end may be the first half of a "\r\n": it waits for what comes next.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    yield* lines;
    if (rest.length > MAX_LENGTH)
      throw new QueenNoAnswer("not_a_queen", `a line is longer than ${MAX_LENGTH} characters`);
  }
  rest += decoder.decode();
  const last = rest.replace(/\r$/, "");
  if (last !== "" || rest !== last) yield last;
}

/** Not `for await (const piece of body)`, which not every browser knows. */
async function* piecesOf(body: Bytes, how: How): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader();
  // That it broke already is no news.
  const close = () => reader.cancel().catch(() => undefined);
  const leave = how.signal && follow(how.signal, () => void close());
  try {
    for (;;) {
      const { done, value } = await readNext(reader, how);
      how.signal?.throwIfAborted();
      if (done) return;
      yield value;
    }
  } finally {
    leave?.();
    // Whoever reads no further closes the connection.
    await close();
  }
}

async function readNext(reader: ReadableStreamDefaultReader<Uint8Array>, { signal, silenceMs }: How) {
  try {
    const next = reader.read();
    return await (silenceMs === undefined ? next : within(silenceMs, next, `nothing came for ${silenceMs} ms`));
  } catch (error) {
    throw signal?.aborted ? signal.reason : noAnswer("the connection broke", error);
  }
}

/**
 * Each line as JSON; empty ones, with which a connection is kept open, are left out. Throws where the last is not of the type `end`: what was told
 * so far stands.
 */
export async function* jsonLinesOf<Line extends { readonly type: string }>(
  body: Bytes,
  how: How,
): AsyncGenerator<Line, void, undefined> {
  let hasEnd = false;
  for await (const line of linesOf(body, how)) {
    if (line.trim() === "") continue;
    const value = parse(line) as Line;
    hasEnd = value.type === "end";
    yield value;
  }
  if (!hasEnd)
    throw new QueenNoAnswer("unreachable", "the answer was cut off before its end: what was told so far stands");
}

/** JSON of a queen. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new QueenNoAnswer("not_a_queen", "what answered sends JSON that is none, or that was cut off", { cause });
  }
}
