import { UsageProblem } from "../failure.ts";
import { piecesOf } from "../output/asking.ts";
import type { Session } from "../session.ts";
import type { HiveFilter } from "./hive-filter.ts";

const STDIN = "-";
const PAGE = 1000;
const MAX_LENGTH = 16 * 1024 * 1024;

/** The ids that a verb was given; in place of `-`, those that stand on stdin, one a line or with spaces between. Each once. */
export async function idsOf(session: Session, args: readonly string[]): Promise<string[]> {
  const given = args.includes(STDIN) ? wordsOf(await readStdin(session)) : [];
  return [...new Set(args.flatMap((arg) => (arg === STDIN ? given : [arg])))];
}

export async function idsThatAre(
  { queen, signal: ended }: Session,
  filter: HiveFilter,
  signal = ended,
): Promise<string[]> {
  const ids: string[] = [];
  for await (const { hives } of queen.fleetPages({ ...filter, limit: PAGE }, { signal })) {
    ids.push(...hives.map(({ hive }) => hive.id));
  }
  return ids;
}

export async function readStdin({ terminal, signal }: Session): Promise<string> {
  const pieces: string[] = [];
  let length = 0;
  for await (const piece of piecesOf(terminal.streams.stdin, signal)) {
    pieces.push(piece);
    length += piece.length;
    if (length > MAX_LENGTH) throw new UsageProblem(`there is more on stdin than ${MAX_LENGTH} characters`);
  }
  return pieces.join("");
}

const wordsOf = (text: string): string[] => text.split(/\s+/).filter((id) => id !== "");
