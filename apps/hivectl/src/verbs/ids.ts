import { UsageProblem } from "../failure.ts";
import type { Session } from "../session.ts";

const STDIN = "-";
const MAX_LENGTH = 16 * 1024 * 1024;

/** The ids that a verb was given; in place of `-`, those that stand on stdin, one a line or with spaces between. Each once. */
export async function idsOf({ terminal }: Session, args: readonly string[]): Promise<string[]> {
  const given = args.includes(STDIN) ? await readAll(terminal.streams.stdin) : [];
  return [...new Set(args.flatMap((arg) => (arg === STDIN ? given : [arg])))];
}

async function readAll(stdin: NodeJS.ReadStream): Promise<string[]> {
  let text = "";
  for await (const piece of stdin.setEncoding("utf8")) {
    text += piece;
    if (text.length > MAX_LENGTH) throw new UsageProblem("there is more on stdin than ids of hives could be");
  }
  return text.split(/\s+/).filter((id) => id !== "");
}
