import { fstatSync } from "node:fs";

export const ERROR = "<3>";
/** From which level of pino on a line has which priority of syslog; what is below is for debugging. */
const PRIORITIES = [
  { level: 60, priority: "<2>" },
  { level: 50, priority: ERROR },
  { level: 40, priority: "<4>" },
  { level: 30, priority: "<6>" },
];
const DEBUG = "<7>";

/** Whether a descriptor leads to systemd's journal: a variable says which file that is, and whoever was started with another output inherits it too. */
export function isJournal(fd: number): boolean {
  const { dev, ino } = fstatSync(fd);
  return process.env.JOURNAL_STREAM === `${dev}:${ino}`;
}

/** What stands before a line of pino for the journal, which takes it off: without it each line is of the priority "info". */
export function priorityBefore(line: string): string {
  const [, level] = /^\{"level":(\d+),/.exec(line) ?? [];
  return PRIORITIES.find((one) => Number(level) >= one.level)?.priority ?? DEBUG;
}
