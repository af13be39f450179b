/** Of one list or one object. */
export const MAX_ENTRIES = 1024;
/** Of the whole text: as many workers as a heartbeat may have, with all their fields, and more. */
const MAX_VALUES = 32_768;
const MAX_DEPTH = 32;
/** A shorter text cannot hold enough to do harm. Most heartbeats are shorter. */
const HARMLESS_LENGTH = 8192;

const BYTE_ORDER_MARK = 0xfeff;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** JSON that has more in it than anybody needs to say. */
export class JsonTooLarge extends Error {
  override readonly name = "JsonTooLarge";
  /** The key under which the list or object with too many entries stands; "" for the whole. */
  readonly key: string;

  constructor(key: string, rule: string) {
    super(rule);
    this.key = key;
  }
}

/**
 * `JSON.parse` for text that anybody may have sent, some programs of Windows with a byte order mark: what is in it is counted before anything
 * is made of it. Throws SyntaxError or JsonTooLarge.
 */
export function parseBoundedJson(text: string): unknown {
  if (text.length > HARMLESS_LENGTH) count(text);
  return JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text);
}

/** Without a call or an allocation for most of what is there: a heartbeat of a large hive passes here each time. */
function count(text: string): void {
  const entries: number[] = [];
  const keys: string[] = [];
  let inThis = 0;
  let values = 0;
  // What stands before a list or an object in an object is its key.
  let keyStart = 0;
  let keyEnd = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      keyStart = at + 1;
      at = endOfText(text, at);
      keyEnd = at;
    } else if (code === COMMA) {
      values += 1;
      inThis += 1;
      keyEnd = keyStart;
      if (inThis >= MAX_ENTRIES) throw new JsonTooLarge(keys.at(-1) ?? "", `must have at most ${MAX_ENTRIES} entries`);
    } else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      values += 1;
      entries.push(inThis);
      keys.push(text.slice(keyStart, keyEnd));
      inThis = 0;
      keyEnd = keyStart;
      if (entries.length > MAX_DEPTH) throw new JsonTooLarge("", `must not be nested more than ${MAX_DEPTH} deep`);
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) {
      inThis = entries.pop() ?? 0;
      keys.pop();
    }
    if (values > MAX_VALUES) throw new JsonTooLarge("", `must have at most ${MAX_VALUES} values in all`);
  }
}

/** Where the text in quotes that begins at `start` ends; the end of all when it does not. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charCodeAt(before) === BACKSLASH) before -= 1;
    if ((end - before) % 2 === 1) return end;
  }
  return text.length;
}
