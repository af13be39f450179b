import { expect } from "vitest";
import { HIVE_JSON, type TestQueen } from "./test-queen.ts";

/** What is said of one hive. */
export interface HiveLine {
  type: "hive";
  hive_id: string;
  outcome: string;
  detail: string;
  problem: { code: string } | null;
  operation_id: string | null;
}
export interface StepLine {
  type: "step";
  hive_id: string;
  operation_id: string;
  step: { name: string; state: string };
}
interface EndLine {
  type: "progress" | "end";
  counts: Record<string, number>;
  running: number;
  not_begun: number;
  next_after: string | null;
  stopping: boolean;
}
export type Line = HiveLine | StepLine | EndLine;

/** Does one thing to many hives, and takes apart what is told of it. */
export async function act(queen: TestQueen, action: object, query = "") {
  const { status, body } = await queen.request("POST", `/v1/hives/actions${query}`, action);
  expect(status, JSON.stringify(body)).toBe(200);
  return toldBy(body as Line[]);
}

export function toldBy(lines: Line[]) {
  const end = lines.at(-1);
  if (end?.type !== "end") throw new Error(`there is no end: ${JSON.stringify(end)}`);
  const hives = new Map(lines.flatMap((line) => (line.type === "hive" ? [[line.hive_id, line]] : [])));
  if (hives.size !== lines.filter(({ type }) => type === "hive").length) throw new Error("a hive is told twice");
  return { lines, hives, end };
}

/** "failed HIVE_NOT_FOUND", "done", … of each hive that is no usual case. */
export const saidOf = (hives: Map<string, HiveLine>, usual: string): Record<string, string> =>
  Object.fromEntries(
    [...hives]
      .map(([id, { outcome, problem }]) => [id, problem === null ? outcome : `${outcome} ${problem.code}`] as const)
      .filter(([, said]) => said !== usual),
  );

/** The counts that are not 0. */
export const countsIn = ({ counts }: EndLine): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));

/** Adds so many hives at this port, at once. Returns their ids. */
export async function addMany({ catalog }: TestQueen, count: number, fields: object = {}): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, n) => `hive-${1000 + n}`);
  for (let from = 0; from < count; from += 32) {
    await catalog.addHives(ids.slice(from, from + 32).map((id) => ({ ...HIVE_JSON, id, ...fields })));
  }
  return ids;
}
