import { type Spread, spread } from "./measure.ts";

type Unit = "µs" | "ms" | "s" | "/s" | "MB" | "MiB" | "bytes" | "";
/** What a figure must not pass. */
export type Limit = { readonly atMost: number } | { readonly atLeast: number };
export type Verdict = "met" | "missed" | "no limit" | "not measured";

/** One row of the report. */
export type Result = {
  /** The point of the list of limits to which the row belongs. */
  readonly point: number;
  readonly what: string;
  /** A sentence for the documentation: what the row says to who runs a fleet. */
  readonly meaning: string;
  readonly unit: Unit;
  readonly verdict: Verdict;
  readonly ours?: Spread;
  readonly counterpart?: string;
  readonly theirs?: Spread;
  /** Ours ÷ counterpart, round by round. */
  readonly ratio?: Spread;
  readonly limit?: Limit;
  /** Why it was not measured, or what else was seen. */
  readonly note?: string;
  /** The same operation with ever more hives in the file. */
  readonly growth?: readonly { readonly hives: number; readonly figure: Spread }[];
};

export type BenchmarkContext = {
  /** Fewer rounds and smaller fleets. */
  readonly quick: boolean;
  /** An empty folder on the disk that is measured; removed at the end of the run. */
  readonly folder: string;
  /** What is being done now, for whoever waits. */
  readonly progress: (doing: string) => void;
};

export type Benchmark = {
  readonly name: string;
  readonly run: (context: BenchmarkContext) => Promise<Result[]>;
};

type Row = Pick<Result, "point" | "what" | "meaning" | "unit"> & Partial<Pick<Result, "limit" | "note" | "growth">>;

/** A row whose limit is on ours ÷ counterpart. The figures of one round stand at the same place of both lists. */
export function compared(
  row: Row & { ours: readonly number[]; counterpart: string; theirs: readonly number[] },
): Result {
  const ratio = spread(row.ours.map((figure, round) => figure / (row.theirs[round] ?? Number.NaN)));
  const verdict = judge(ratio.median, row.limit);
  return { ...row, ours: spread(row.ours), theirs: spread(row.theirs), ratio, verdict };
}

/** A row whose limit, if any, is on the figure itself. */
export function absolute(row: Row & { ours: readonly number[] }): Result {
  const ours = spread(row.ours);
  return { ...row, ours, verdict: judge(ours.median, row.limit) };
}

/** A row that this machine cannot measure: `note` says what is missing. */
export function notMeasured(row: Row & { note: string; counterpart?: string }): Result {
  return { ...row, verdict: "not measured" };
}

function judge(figure: number, limit: Limit | undefined): Verdict {
  if (limit === undefined) return "no limit";
  const met = "atMost" in limit ? figure <= limit.atMost : figure >= limit.atLeast;
  return met ? "met" : "missed";
}
