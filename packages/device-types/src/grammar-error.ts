const MAX_SHOWN = 40;

/** A text that breaks the rules of its grammar. The message names the place (characters from 1), what may stand there, and what arrived. */
export class GrammarError extends Error {
  override readonly name = "GrammarError";
  /** The character where it broke, from 1. */
  readonly position: number;

  constructor(position: number, expected: string, got: string) {
    const shown = got.length > MAX_SHOWN ? `${got.slice(0, MAX_SHOWN)}…` : got;
    super(`at character ${position}: expected ${expected}, got ${shown === "" ? "the end" : `'${shown}'`}`);
    this.position = position;
  }
}
