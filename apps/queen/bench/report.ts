import type { Limit, Result, Spread } from "@repo/bench";
import type { Machine } from "./machine.ts";

export type Report = {
  readonly startedAt: string;
  readonly tookS: number;
  readonly tookSByBenchmark: Readonly<Record<string, number>>;
  readonly quick: boolean;
  readonly machine: Machine;
  readonly results: readonly Result[];
  /** Benchmarks that could not be run to their end. */
  readonly failures: { readonly benchmark: string; readonly reason: string }[];
};

const POINTS: Record<number, string> = {
  1: "One call, against statements by hand",
  2: "Heartbeats that arrive together",
  3: "A million hives",
  4: "Streaming the whole catalog",
  5: "The queen under load",
  6: "Against etcd",
  7: "Starting",
  8: "Backing up",
  9: "Heartbeats beside other work",
  10: "Many operations and tokens",
  11: "Finding hives among a million",
  12: "The fleet in one answer",
  13: "The fleet from a terminal",
};

export function reportText(report: Report): string {
  const lines = [`${machineLines(report).join("\n")}\n`];
  for (const { title, results } of byPoint(report.results)) {
    lines.push(`\n${title}\n`);
    for (const result of results) lines.push(`${resultText(result)}\n`);
  }
  for (const { benchmark, reason } of report.failures) lines.push(`\nFAILED ${benchmark}: ${reason}\n`);
  lines.push(`\n${summary(report)}\n`);
  return lines.join("");
}

export function byPoint(results: readonly Result[]): { title: string; results: Result[] }[] {
  return Object.entries(POINTS)
    .map(([point, title]) => ({
      title: `${point}. ${title}`,
      results: results.filter((r) => r.point === Number(point)),
    }))
    .filter((section) => section.results.length > 0);
}

export function machineLines({ machine, startedAt, tookS, quick }: Report): string[] {
  return [
    `${quick ? "Quick" : "Full"} run of ${startedAt}, ${tookS} s`,
    `Machine: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.disk}, load ${machine.load} at the start`,
    `Versions: ${Object.entries(machine.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")}`,
  ];
}

function resultText(result: Result): string {
  const { verdict, what, ours, counterpart, theirs, ratio, limit, unit, note } = result;
  const mark = { met: "ok    ", missed: "MISSED", "no limit": "      ", "not measured": "-     " }[verdict];
  if (verdict === "not measured") return `${mark} ${what}: not measured: ${note}`;
  const parts = [ours && `${figureText(ours)}${unit && ` ${unit}`}`];
  if (theirs) parts.push(`${counterpart} ${figureText(theirs)}${unit && ` ${unit}`}`);
  if (ratio) parts.push(`ratio ${figureText(ratio)}`);
  if (limit) parts.push(limitText(limit));
  if (note) parts.push(note);
  return `${mark} ${what}: ${parts.filter(Boolean).join(" | ")}`;
}

/** The median, and the quartiles around it where there was more than one round. */
export function figureText({ median, low, high, rounds }: Spread): string {
  return rounds > 1 ? `${short(median)} (${short(low)}–${short(high)})` : short(median);
}

export function limitText(limit: Limit): string {
  return "atMost" in limit ? `≤ ${short(limit.atMost)}` : `≥ ${short(limit.atLeast)}`;
}

/** Three digits that count. */
export function short(figure: number): string {
  if (!Number.isFinite(figure)) return "?";
  if (Math.abs(figure) >= 100) return Math.round(figure).toLocaleString("en");
  return String(Number(figure.toPrecision(3)));
}

function summary({ results, failures }: Report): string {
  const count = (verdict: Result["verdict"]) => results.filter((result) => result.verdict === verdict).length;
  const parts = [`${count("met")} limits met`, `${count("missed")} missed`, `${count("not measured")} not measured`];
  if (failures.length > 0) parts.push(`${failures.length} failed`);
  return parts.join(", ");
}
