import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";

/** JSON values, one a line. */
export const NDJSON = "application/x-ndjson";

const LINE_FEED = 0x0a;

export interface Line {
  /** From 1. */
  readonly number: number;
  readonly bytes: Buffer;
}

/** The lines of a body of NDJSON that are not blank. */
export function* linesOf(body: Buffer): Generator<Line> {
  for (let number = 1, start = 0; start < body.length; number++) {
    const feed = body.indexOf(LINE_FEED, start);
    const end = feed < 0 ? body.length : feed;
    const bytes = body.subarray(start, end);
    if (!isBlank(bytes)) yield { number, bytes };
    start = end + 1;
  }
}

/** An answer of one line for each value, of which the next is asked for when the caller has taken the one before, and no proxy keeps one back. */
export function answerLines(values: AsyncIterable<object>, reply: FastifyReply): Readable {
  reply.code(200).headers({ "content-type": `${NDJSON}; charset=utf-8`, "x-accel-buffering": "no" });
  return Readable.from(
    (async function* () {
      for await (const value of values) yield `${JSON.stringify(value)}\n`;
    })(),
  );
}

const isBlank = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09);
