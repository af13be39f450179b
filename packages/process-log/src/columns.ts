import { stripVTControlCharacters } from "node:util";
import { eastAsianWidth } from "get-east-asian-width";
import { printable } from "./printable.ts";

const GAP = "  ";
/** Each of these (ASCII, Latin-1, … and →) takes one column, and by far most texts have no others. */
const ONE_COLUMN_EACH = /^[ -~\xa1-\xac\xae-\xff\u2026\u2192]*$/;
/** A flag, and what is an emoji by what stands behind it. */
const EMOJI = /^(?:\p{RI}{2}|\p{Emoji}[\ufe0f\p{Emoji_Modifier}])/u;
/** What stands on the letter before it, and those parts of a Korean syllable that its first one has room for. */
const NO_COLUMN = /[\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}\u1160-\u11ff\ud7b0-\ud7fb]/u;

let segmenter: Intl.Segmenter | undefined;
/** The characters of a text as people see them: a letter with its accents, an emoji with its colour. What finds them takes long to make, and most calls need none. */
function* charactersOf(text: string): Generator<string> {
  segmenter ??= new Intl.Segmenter();
  for (const { segment } of segmenter.segment(text)) yield segment;
}

/** How many columns of a terminal it takes: 日 takes two, an accent on its letter none, and neither does what gives it a colour. */
export function widthOf(text: string): number {
  if (ONE_COLUMN_EACH.test(text)) return text.length;
  let width = 0;
  for (const character of charactersOf(stripVTControlCharacters(text))) width += widthOfOne(character);
  return width;
}

function widthOfOne(character: string): number {
  if (EMOJI.test(character)) return 2;
  let width = 0;
  for (const part of character) if (!NO_COLUMN.test(part)) width += eastAsianWidth(part.codePointAt(0) ?? 0);
  return width;
}

/** As much of its beginning as has room in so many columns, of whole characters. */
export function beginningOf(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let length = 0;
  let left = width;
  for (const character of charactersOf(text)) {
    left -= widthOfOne(character);
    if (left < 0) break;
    length += character.length;
  }
  return text.slice(0, length);
}

/** With an ellipsis where it takes more columns than there are. */
export const cutTo = (text: string, width: number): string =>
  widthOf(text) <= width ? text : `${beginningOf(text, width - 1)}…`;

export const padTo = (text: string, width: number): string => text + " ".repeat(Math.max(width - widthOf(text), 0));

/** Of many texts, however many, how many columns the widest takes. */
export const widest = (texts: readonly string[]): number =>
  texts.reduce((width, text) => Math.max(width, widthOf(text)), 0);

/** Rows as people read them: each column as wide as its widest cell. */
export function inColumns(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(printable));
  const widths = cells[0]?.map((_, column) => widest(cells.map((row) => row[column] ?? ""))) ?? [];
  const lines = cells.map((row) => row.map((cell, column) => padTo(cell, widths[column] ?? 0)).join(GAP));
  return lines.map((line) => line.trimEnd()).join("\n");
}
