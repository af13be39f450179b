import { inColumns, widthOf } from "@repo/process-log/columns";
import { type AddHelpTextContext, type Command, Help } from "commander";
import { wrapped } from "./wrapped.ts";

type Below = (context: AddHelpTextContext) => string;
/** How a verb is called, and what for where that does not say itself. */
type Example = readonly [call: string, says?: string | undefined];

/** Somewhat narrower, a terminal has no room for descriptions beside their flags. */
const MIN_DESCRIPTION_WIDTH = 20;
/** What an example goes on behind. */
const INDENT = "      ";

/** Has a command, and those that are added to it later, break the lines that commander leaves longer than the terminal. */
export const withNarrowHelp = (command: Command): Command =>
  command.configureHelp({
    showGlobalOptions: true,
    minWidthToWrap: MIN_DESCRIPTION_WIDTH,
    formatHelp: (one, help) => wrapped(Help.prototype.formatHelp.call(help, one, help), help.helpWidth),
  });

/** Facts below a help, as wide as it is: each line goes on behind its title. */
export const factsBelow =
  (text: string): Below =>
  (context) =>
    `\n${wrapped(text, helpWidthOf(context))}`;

/** Sentences there, at its margin. */
export const sentencesBelow =
  (text: string): Below =>
  (context) =>
    `\n${wrapped(text, helpWidthOf(context), 0)}`;

/** As hivectl was called, and as a shell takes each, also where it takes several lines. */
export const examples =
  (...said: readonly Example[]): Below =>
  (context) => {
    const width = helpWidthOf(context);
    const called = rootOf(context.command).name();
    const calls = said.map(([call, says]): Example => [call.replaceAll("pnpm -s hivectl", called), says]);
    const [title, start] = calls.length === 1 ? [[], "Example: "] : [["Examples:"], "  "];
    const rows = inColumns(calls.map(([call, says = ""]) => [start + call, says])).split("\n");
    const lines = calls.flatMap(([call, says], at) => {
      const row = rows[at] ?? "";
      if (widthOf(row) <= width) return row;
      return [...commandLines(start + call, width), ...(says ? [wrapped(INDENT + says, width)] : [])];
    });
    return ["", ...title, ...lines].join("\n");
  };

const rootOf = (command: Command): Command => (command.parent === null ? command : rootOf(command.parent));

function helpWidthOf({ error, command }: AddHelpTextContext): number {
  const { getErrHelpWidth, getOutHelpWidth } = command.configureOutput();
  return (error ? getErrHelpWidth : getOutHelpWidth)?.() ?? Number.POSITIVE_INFINITY;
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
