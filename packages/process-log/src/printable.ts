/** What ends a line, turns its direction, steers a terminal or is not seen, and halves of characters. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A text as it can stand in a line for people, whoever wrote it: `\u202e` where it holds that character. JSON stays the same JSON. */
export const printable = (text: string): string =>
  text.replace(UNPRINTABLE, (character) => character.split("").map(escapeOf).join(""));

const escapeOf = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** JSON of whose texts, once they are read from it, none holds such a character, but for the ends of lines and tabs of a stack. */
export const printableInside = (json: string): string =>
  printable(json).replace(/\\(?:u[0-9a-f]{4}|.)/g, (code) => (/^\\[ubfr]/.test(code) ? `\\${code}` : code));
