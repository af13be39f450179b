/** What ends a line, turns its direction or steers a terminal, and halves of characters. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** A text as it can stand in a line for people, whoever wrote it: `\u202e` where it holds that character. JSON stays the same JSON. */
export const printable = (text: string): string =>
  text.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** JSON of whose texts, once they are read from it, none holds such a character, but for the ends of lines and tabs of a stack. */
export const printableInside = (json: string): string =>
  printable(json).replace(/\\(?:u[0-9a-f]{4}|.)/g, (code) => (/^\\[ubfr]/.test(code) ? `\\${code}` : code));
