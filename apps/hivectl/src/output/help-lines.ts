import { widthOf } from "@repo/process-log/columns";
import { wrapped } from "./wrapped.ts";

/** Somewhat narrower, a terminal has no room for descriptions beside their flags. */
export const MIN_DESCRIPTION_WIDTH = 20;
/** What an example goes on behind. */
const INDENT = "      ";
const EXAMPLE = /^((?:Example: | {2}(?:pnpm|hivectl|eval)\b).*?)(?: {2,}(\S.*))?$/;
/** These go on behind their title, and what is said in sentences at its margin. */
const TITLED = /^(?:Usage|Columns|Exit codes):/;

/** A help of which no line is longer than the terminal. A shell takes its examples as they stand. */
export const helpIn = (text: string, width: number): string =>
  text
    .split("\n")
    .map((line) => (widthOf(line) <= width ? line : broken(line, width)))
    .join("\n");

function broken(line: string, width: number): string {
  const [, command, explanation] = EXAMPLE.exec(line) ?? [];
  if (command === undefined) return wrapped(line, width, TITLED.test(line) ? undefined : 0);
  const lines = commandLines(command, width);
  if (explanation !== undefined) lines.push(wrapped(`${INDENT}${explanation}`, width));
  return lines.join("\n");
}

/** What stays on one line: quotes, a flag with its value, and a file with what is read from or written to it. */
const WORDS = /\s*(?:(?:--?\w\S*|[<>])\s+(?![-<>]))?(?:"[^"]*"|'[^']*'|\S)+/g;

function commandLines(command: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const [words] of command.matchAll(WORDS)) {
    const isFull = line.trim() !== "" && widthOf(line) + widthOf(words) + " \\".length > width;
    if (isFull) lines.push(`${line} \\`);
    line = isFull ? `${INDENT}${words.trimStart()}` : line + words;
  }
  return [...lines, line];
}
