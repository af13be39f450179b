import { fileURLToPath } from "node:url";
import type { Result } from "@repo/bench";
import { CARRIED_BY } from "./load.ts";
import { byPoint, figureText, limitText, machineLines, type Report, short } from "./report.ts";

export const DOCUMENT = fileURLToPath(new URL("../../../docs/performance.md", import.meta.url));

const INTERVALS_S = [5, 15, 30, 60];
/** The rest is for requests, health rounds and bursts. */
const SHARE_FOR_BEATS = 0.5;

/** docs/performance.md. */
export function documentOf(report: Report): string {
  return `${[
    "# Performance",
    "This page is written by `pnpm bench --write-docs` from a full run; edit `apps/queen/bench/document.ts`, not this page.",
    machineLines(report)
      .map((line) => `- ${line}`)
      .join("\n"),
    HOW_TO_READ,
    ...byPoint(report.results).flatMap(({ title, results }) => [`## ${title}`, table(results), meanings(results)]),
    ...growthSection(report.results),
    ...carriedSection(report.results),
  ].join("\n\n")}\n`;
}

const HOW_TO_READ = `Ours and the counterpart take turns, round by round, on the same disk. A figure is the median over the rounds, with the quartiles
in brackets. A ratio is ours ÷ counterpart within a round, then the median of those: for a time less is better, for a rate (/s)
more is. Every write is on disk before it is answered (\`synchronous=FULL\`), on both sides, except where a counterpart stores nothing.`;

function table(results: readonly Result[]): string {
  const rows = results.map(({ what, ours, unit, counterpart, theirs, ratio, limit, verdict, note }) => {
    const withUnit = (text: string) => (unit ? `${text} ${unit}` : text);
    return row([
      what,
      ours ? withUnit(figureText(ours)) : `not measured: ${note}`,
      theirs ? `${counterpart}: ${withUnit(figureText(theirs))}` : "",
      ratio ? figureText(ratio) : "",
      limit ? limitText(limit) : "",
      verdict === "no limit" ? "" : verdict,
    ]);
  });
  return [row(["what", "ours", "counterpart", "ratio", "limit", ""]), row(Array(6).fill("---")), ...rows].join("\n");
}

function meanings(results: readonly Result[]): string {
  return results
    .map(({ what, meaning, note, verdict }) => {
      const seen = note !== undefined && verdict !== "not measured" ? ` (${note}.)` : "";
      return `- *${what}*: ${meaning}${seen}`;
    })
    .join("\n");
}

function growthSection(results: readonly Result[]): string[] {
  const grown = results.filter((result) => result.growth !== undefined);
  const sizes = grown[0]?.growth?.map(({ hives }) => hives) ?? [];
  if (sizes.length === 0) return [];
  const rows = grown.map(({ what, growth = [] }) =>
    row([what.replace(/, [\d]+ hives$/, ""), ...growth.map(({ figure }) => figureText(figure))]),
  );
  return [
    "## How cost grows with the fleet",
    `Microseconds per call, by the number of hives in the file. What stays the same along a row does not depend on the size of the fleet.
The first column and the last were measured in turn with each other, those in between in turn after them.`,
    [
      row(["µs", ...sizes.map((size) => size.toLocaleString("en"))]),
      row(Array(sizes.length + 1).fill("---")),
      ...rows,
    ].join("\n"),
  ];
}

function carriedSection(results: readonly Result[]): string[] {
  const perSecond = results.find(({ what }) => what === CARRIED_BY)?.ours?.median;
  if (perSecond === undefined) return [];
  const rows = INTERVALS_S.map((seconds) =>
    row([
      `${seconds} s`,
      short(Math.floor(perSecond * SHARE_FOR_BEATS * seconds)),
      short(Math.floor(perSecond * seconds)),
    ]),
  );
  return [
    "## What one queen can carry",
    `Measured: ${short(perSecond)} heartbeats a second over HTTP, each with 4 workers and each on disk before its answer, with the load
generator on the same machine. From that, hives × interval: the middle column leaves half of the queen's time for requests, health
rounds and bursts; the right one is the end of the road.`,
    [row(["one beat every", "hives, at half load", "hives, at most"]), row(Array(3).fill("---")), ...rows].join("\n"),
  ];
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
