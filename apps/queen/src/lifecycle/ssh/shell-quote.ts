/**
 * The words of a command as one text that a POSIX shell reads as just those words: the only way in which anything reaches the shell of
 * another host. Throws a RangeError for a word with a NUL, which no program can be given.
 */
export function shellQuote(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}

function quoteWord(word: string): string {
  if (word.includes("\0")) throw new RangeError("a word of a command cannot hold a NUL character");
  return `'${word.replaceAll("'", "'\\''")}'`;
}
