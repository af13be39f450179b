/**
 * The words of a command as one text that a POSIX shell reads as just those words. Throws a RangeError for a word with a NUL, which no program
 * can be given.
 */
export function shellQuote(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}

function quoteWord(word: string): string {
  if (word.includes("\0")) throw new RangeError("a word of a command cannot hold a NUL character");
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * A text for a POSIX shell as one line that other shells too, such as csh, read as "let sh run this": none of them sees a character in it
 * that it might take for its own. The only way in which anything reaches the login shell of another host.
 */
export function forAnyShell(text: string): string {
  const plain = /[A-Za-z0-9 ]/;
  const characters = [...Buffer.from(text)].map((byte) => {
    const character = String.fromCharCode(byte);
    return plain.test(character) ? character : `\\${byte.toString(8).padStart(3, "0")}`;
  });
  return `exec sh -c 'eval "$(printf "${characters.join("")}")"'`;
}
