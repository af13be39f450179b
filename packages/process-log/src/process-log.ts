import { constants, fstatSync, openSync } from "node:fs";
import { isatty } from "node:tty";
import { type Logger, type LoggerOptions, pino } from "pino";
import { prettyFactory } from "pino-pretty";
import { ERROR, isJournal, priorityBefore } from "./journal.ts";
import { LineOutput } from "./line-output.ts";
import { printable, printableInside } from "./printable.ts";

const STDOUT = 1;
const STDERR = 2;
/** How long the end of the process waits for a reader of the last lines. */
const LAST_LINES_MS = 250;

/** The log of a program on its standard output: for people on a terminal, else JSON, with its priority in systemd's journal. No reader, and no full disk, can stop the program. */
export function createLog(options: LoggerOptions): Logger {
  const format = formatOfStandardOutput();
  const output = new LineOutput(openStandardOutput(), (lines) => {
    log.error({ lines }, "lines of the log were lost: there was no room for them");
  });
  const log = pino(options, { write: (line: string) => output.write(format(line)) });
  process.on("exit", () => output.drain(LAST_LINES_MS));
  // Node would write it to standard error as it is, and in several lines.
  process.removeAllListeners("warning");
  process.on("warning", ({ name, message }) => log.warn({ warning: name }, message));
  return log;
}

function formatOfStandardOutput(): (line: string) => string {
  if (isatty(STDOUT)) return forPeople();
  return isJournal(STDOUT) ? (line) => `${priorityBefore(line)}${printableLine(line)}` : printableLine;
}

/** Time, level, message and fields in one line; an error's stack below it. In colour unless NO_COLOR is set. */
function forPeople(): (line: string) => string {
  const messageFormat = (log: Record<string, unknown>, key: string) => printable(String(log[key]));
  const format = { translateTime: "SYS:HH:MM:ss.l", ignore: "pid,hostname", singleLine: true };
  const pretty = prettyFactory({ ...format, messageFormat });
  return (line) => pretty(printableInside(line.trimEnd()));
}

/** One line on the standard error for each problem that ends a program, whatever the level of its log. */
export function sayProblems(program: string, problems: readonly string[]): void {
  const priority = isJournal(STDERR) ? ERROR : "";
  for (const problem of problems) {
    process.stderr.write(`${priority}${program}: ${printable(problem.replace(/\s*\n\s*/g, " "))}\n`);
  }
}

const printableLine = (line: string): string => `${printable(line.trimEnd())}\n`;

/** For a log that goes elsewhere: its lines with texts of strangers as `createLog` writes them. */
export const printableLines = (output: { write(line: string): void }) => ({
  write: (line: string): void => output.write(printableLine(line)),
});

/** A descriptor of the standard output to which no write blocks. */
function openStandardOutput(): number {
  // A file has room at once or not at all, and opened anew it would be written from its beginning.
  if (fstatSync(STDOUT).isFile()) return STDOUT;
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    // A description of its own, because those who share the other one expect it to block.
    return openSync(`/proc/self/fd/${STDOUT}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    // A socket, as systemd has for its journal, or a pipe of another user: Node makes those non-blocking when it makes this stream.
    void process.stdout;
    return STDOUT;
  }
}
