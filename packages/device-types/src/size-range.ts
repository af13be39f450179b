import { GrammarError } from "./grammar-error.ts";

/** From `min` to `max`, both included; null is no upper end. */
export type Range = { readonly min: number; readonly max: number | null };

/** A piece of a text, the place of its first character in the whole, from 0, and what stands behind it: nothing at the end. */
export type Piece = { readonly text: string; readonly place: number; readonly next: string };

/** Of a text by a separator, without the blanks around each piece. */
export function piecesOf({ text, place, next }: Piece, separator: string): Piece[] {
  let from = place;
  return text.split(separator).map((part, n, { length }) => {
    const piece = trimmed({ text: part, place: from, next: n + 1 < length ? separator : next });
    from += part.length + separator.length;
    return piece;
  });
}

export function trimmed({ text, place, next }: Piece): Piece {
  return { text: text.trim(), place: place + text.length - text.trimStart().length, next };
}

/** What stands in the place of what was expected. */
export const arrived = ({ text, next }: Piece): string => text || next;

/** Ends of a range: `a` is `a..`, as least; `..b` begins at 0. Throws a GrammarError. */
function parseRange(piece: Piece, parseEnd: (end: Piece) => number): Range {
  const [first, last, more] = piecesOf(piece, "..");
  if (first === undefined || last === undefined) return { min: parseEnd(piece), max: null };
  if (more !== undefined) throw new GrammarError(more.place - 1, "one '..'", "..");
  if (first.text === "" && last.text === "") throw new GrammarError(piece.place + 1, "an end of the range", "..");
  const min = first.text === "" ? 0 : parseEnd(first);
  const max = last.text === "" ? null : parseEnd(last);
  if (max !== null && max < min) {
    throw new GrammarError(last.place + 1, `an end that is not below '${first.text}'`, last.text);
  }
  return { min, max };
}

function printRange({ min, max }: Range, printEnd: (end: number) => string): string {
  return max === null ? printEnd(min) : `${printEnd(min)}..${printEnd(max)}`;
}

export function isIn({ min, max }: Range, value: number): boolean {
  return value >= min && (max === null || value <= max);
}

const MAX_DIGITS = 9;
const COUNT = new RegExp(`^\\d{1,${MAX_DIGITS}}$`);
const COUNT_RULE = `a number of at most ${MAX_DIGITS} digits`;

export function parseCount(piece: Piece): Range {
  return parseRange(piece, (end) => {
    if (!COUNT.test(end.text)) throw new GrammarError(end.place + 1, COUNT_RULE, arrived(end));
    return Number(end.text);
  });
}

export function printCount(count: Range): string {
  return printRange(count, String);
}

const MB_OF = { mb: 1, gb: 1024, tb: 1024 * 1024 };
const MB_IN_GB = MB_OF.gb;
const SIZE = new RegExp(`^(\\d{1,${MAX_DIGITS}}(?:\\.\\d{1,${MAX_DIGITS}})?)\\s*(mb|gb|tb)$`, "i");
const SIZE_RULE = "a size such as 24GB, in MB, GB or TB";

/** In MB of 2^20 bytes, rounded. Memory is known in whole GB: a range without any would find nothing, in silence. */
export function parseSize(piece: Piece): Range {
  const sizeMb = parseRange(piece, (end) => {
    const [, digits, unit] = SIZE.exec(end.text) ?? [];
    if (unit === undefined) throw new GrammarError(end.place + 1, SIZE_RULE, arrived(end));
    return Math.round(Number(digits) * MB_OF[unit.toLowerCase() as keyof typeof MB_OF]);
  });
  const { min, max } = gigabytesOf(sizeMb);
  if (max !== null && max < min) throw new GrammarError(piece.place + 1, "a range with a whole GB in it", piece.text);
  return sizeMb;
}

export function printSize(sizeMb: Range): string {
  return printRange(sizeMb, (mb) => (mb % MB_IN_GB === 0 ? `${mb / MB_IN_GB}GB` : `${mb}MB`));
}

/** Drivers report less than what is sold: 22.5 GB of 24, 45 of 48. */
const MET_FROM_PERCENT = 90;

/** Which whole GB meet a size: from 90 % of its lower end on. In whole numbers, so that no fraction is lost. */
export function gigabytesOf({ min, max }: Range): Range {
  return {
    min: Math.ceil((min * MET_FROM_PERCENT) / (MB_IN_GB * 100)),
    max: max === null ? null : Math.floor(max / MB_IN_GB),
  };
}
