import { QueenNoAnswer } from "./errors.ts";
import { MAX_LENGTH } from "./lines.ts";

/** What ends at an empty line: what it says of the place of the reader and of the time to wait, and its event if it has one. */
interface Block {
  readonly id: string | undefined;
  readonly retryMs: number | undefined;
  readonly event: { readonly type: string; readonly data: string } | undefined;
}

/** The blocks of a stream of server-sent events (WHATWG HTML, 9.2.6). One that has not ended does not count. */
export async function* blocksOf(lines: AsyncIterable<string>): AsyncGenerator<Block, void, undefined> {
  let fields: [name: string, value: string][] = [];
  let length = 0;
  for await (const line of lines) {
    if (line === "") {
      yield blockOf(fields);
      fields = [];
      length = 0;
    }
    length += line.length;
    if (length > MAX_LENGTH) throw new QueenNoAnswer("not_a_queen", `an event is longer than ${MAX_LENGTH} characters`);
    // One that begins with a colon is a comment.
    const [, name, value = ""] = /^([^:]+)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name !== undefined) fields.push([name, value]);
  }
}

function blockOf(fields: readonly (readonly [string, string])[]): Block {
  const valuesOf = (name: string) => fields.filter(([of]) => of === name).map(([, value]) => value);
  const data = valuesOf("data");
  const type = valuesOf("event").at(-1);
  const retry = valuesOf("retry").findLast((value) => /^\d+$/.test(value));
  return {
    id: valuesOf("id").findLast((value) => !value.includes("\0")),
    retryMs: retry === undefined ? undefined : Number(retry),
    event: data.length === 0 ? undefined : { type: type || "message", data: data.join("\n") },
  };
}
