import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { ODD_CHARACTERS } from "./attacks/texts.ts";
import { Counted } from "./report.ts";

const ERROR_LEVEL = 50;

/**
 * What a queen's log should not have: errors, which are faults of hers, what is no line of a log, and characters that steer terminals; and what of
 * `needed` it lacks.
 */
export async function problemsInLog(path: string, needed: readonly RegExp[] = []): Promise<string[]> {
  const problems = new Counted();
  const missing = new Set(needed);
  const note = (problem: string) => problems.add(`${path}: ${problem}`);
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    for (const one of missing) if (one.test(line)) missing.delete(one);
    if (ODD_CHARACTERS.test(line)) note("odd characters as they are");
    const entry = parse(line);
    if (entry === undefined) note(`no line of a log: ${line}`);
    else if (entry.level >= ERROR_LEVEL) note(`an error: ${entry.msg}`);
  }
  for (const one of missing) note(`nothing of ${one}`);
  return problems.sentences;
}

function parse(line: string): { level: number; msg: string } | undefined {
  try {
    return JSON.parse(line) as { level: number; msg: string };
  } catch {
    return undefined;
  }
}
