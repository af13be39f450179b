import type { Readable } from "node:stream";
import { HiveCatalogError, type NewHive, NewHiveJson } from "@repo/hive-catalog";
import type { FastifyReply } from "fastify";
import * as z from "zod";
import { parseJson } from "../body-parsers.ts";
import { endedMeanwhile } from "../door/refusals.ts";
import { invalidJson, Problem, queenStopping } from "../errors.ts";
import { isObject, parseBody } from "../input.ts";
import { answerLines, type Line, linesOf, NDJSON } from "../lines.ts";
import type { AppParts } from "../parts.ts";
import { ProblemJson } from "../problems.ts";

const MAX_LINES = 1000;
/** They share a commit. */
const HIVES_PER_COMMIT = 32;
const MAX_ID_SHOWN = 128;

const AddedHive = z
  .strictObject({
    type: z.literal("hive"),
    line: z.int().min(1).meta({ description: "Its number in the body; blank lines count and are not answered" }),
    id: z.string().nullable().meta({ description: "The id in the line; null when there is none" }),
    outcome: z.enum(["added", "failed"]),
    problem: ProblemJson.nullable().meta({ description: "What it alone would have been answered" }),
  })
  .meta({ id: "AddedHive", description: "What came of one line" });
const AddedCounts = z
  .strictObject({ type: z.literal("end"), added: z.int().min(0), failed: z.int().min(0) })
  .meta({ id: "AddedCounts", description: "The last line of all" });
const AddedLine = z.union([AddedHive, AddedCounts]).meta({ id: "AddedLine" });
type AddedLine = z.input<typeof AddedLine>;

export const LINES_DESCRIPTION = `As \`application/x-ndjson\` the body has a hive in each line, at most ${MAX_LINES}, and is answered 200 with a line for each in their order and a last one with the counts. A byte order mark before a line is skipped. A line that is refused keeps none of the others back; after a failure of the catalog itself, or when the caller's token has ended, the others are not tried.`;
export const addedLines = {
  description: "A line of NDJSON for each",
  type: NDJSON,
  schema: AddedLine,
  example: { type: "hive", line: 1, id: "hive-prod-01", outcome: "added", problem: null },
};

/** Throws a Problem for none, and for too many. */
export function readLines(body: Buffer): Line[] {
  const lines = [...linesOf(body)];
  if (lines.length === 0) throw invalidJson("A line for each hive is expected, but there is none");
  if (lines.length > MAX_LINES) throw tooMany(lines.length);
  return lines;
}

export function addHives(lines: readonly Line[], parts: AppParts, reply: FastifyReply): Readable {
  if (parts.stopping.aborted) throw queenStopping();
  parts.costs.admitBulk(reply.request, reply);
  return answerLines(add(lines, parts, reply), reply);
}

const tooMany = (count: number): Problem => {
  const message = `must have at most ${MAX_LINES} lines, got ${count}`;
  return new Problem("PAYLOAD_TOO_LARGE", `The body ${message}`, { errors: [{ field: "body", message }] });
};

/** A line with what can be made of it: a hive, or the problem with it. */
interface ReadLine {
  readonly line: number;
  readonly id: string | null;
  readonly hive?: NewHive;
  readonly problem?: Problem;
}

/** When the caller has gone, it ends with the commit that has begun. */
async function* add(lines: readonly Line[], parts: AppParts, { request }: FastifyReply): AsyncGenerator<AddedLine> {
  const { costs, catalog, door, fleet, problemNotes, stopping } = parts;
  const noted = (error: unknown) => problemNotes.noted(error, request);
  /** Why nothing more is tried. */
  let obstacle: Problem | undefined;
  let added = 0;
  for (let from = 0; from < lines.length; from += HIVES_PER_COMMIT) {
    await costs.turn();
    const read = lines.slice(from, from + HIVES_PER_COMMIT).map((line) => readLine(line, noted));
    const stored = await store(read.flatMap(({ hive }) => hive ?? []));
    for (const { line, id, problem = stored.shift() } of read) {
      if (problem === undefined) added += 1;
      const outcome = problem === undefined ? "added" : "failed";
      yield { type: "hive", line, id, outcome, problem: problem?.body(request.id) ?? null };
    }
  }
  yield { type: "end", added, failed: lines.length - added };

  /** Of each hive the problem with it; undefined when it is stored. */
  async function store(hives: readonly NewHive[]): Promise<(Problem | undefined)[]> {
    if (stopping.aborted) obstacle ??= queenStopping();
    if (!door.stillAdmits(request.caller)) obstacle ??= endedMeanwhile();
    if (obstacle !== undefined) return hives.map(() => obstacle);
    const storeAndSay = async () => {
      const stored = await catalog.addHives(hives);
      return stored.map((hive, position) => {
        if (hive instanceof HiveCatalogError) return noted(hive);
        fleet.added(hive, hives[position]?.labels ?? {});
        return undefined;
      });
    };
    const ids = hives.map(({ id }) => id);
    try {
      return await fleet.turns.takeAll(ids, storeAndSay);
    } catch (error) {
      const problem = noted(error);
      // Of what was not tried the outcome is known.
      const code = problem.code === "CATALOG_OUTCOME_UNKNOWN" ? "CATALOG_UNAVAILABLE" : problem.code;
      obstacle = new Problem(code, `Not tried, because of ${problem.code} in a line before`);
      return hives.map(() => problem);
    }
  }
}

function readLine({ number: line, bytes }: Line, noted: (error: unknown) => Problem): ReadLine {
  let id: string | null = null;
  try {
    const json = parseJson(bytes);
    id = idIn(json);
    return { line, id, hive: parseBody(NewHiveJson, json, "INVALID_HIVE") };
  } catch (error) {
    return { line, id, problem: noted(error) };
  }
}

function idIn(json: unknown): string | null {
  const id = isObject(json) ? json.id : null;
  return typeof id === "string" && id.length <= MAX_ID_SHOWN ? id : null;
}
