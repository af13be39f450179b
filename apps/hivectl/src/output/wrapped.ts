import { beginningOf, widthOf } from "@repo/process-log/columns";

/** What a line without columns goes on behind. */
const INDENT = 4;

/** Lines that are longer than the terminal go on below their last column, or, without columns, behind an indent, broken behind a word or a comma; a column that begins in its last third has no room for that. */
export function wrapped(text: string, width: number | undefined, indent = INDENT): string {
  if (width === undefined) return text;
  return text
    .split("\n")
    .flatMap((line) => wrappedLine(line, width, indent))
    .join("\n");
}

function wrappedLine(line: string, width: number, indent: number): string[] {
  const column = lastColumnOf(line, (width * 2) / 3);
  const hang = " ".repeat(column === 0 ? Math.min(indent, width >> 1) : widthOf(line.slice(0, column)));
  const lines: string[] = [];
  let rest = line;
  let kept = column;
  while (widthOf(rest) > width) {
    const end = breakIn(rest, kept, beginningOf(rest, width).length);
    // One character that takes more than a line.
    if (end <= kept) break;
    lines.push(rest.slice(0, end).trimEnd());
    rest = hang + rest.slice(end).trimStart();
    kept = hang.length;
  }
  return [...lines, rest];
}

/** Where the text of the last column begins that leaves room; at 0 where there are none. */
function lastColumnOf(line: string, limit: number): number {
  const starts = Array.from(line.matchAll(/ {2,}(?=\S)/g), ({ index, 0: gap }) => index + gap.length);
  return starts.findLast((start) => widthOf(line.slice(0, start)) <= limit) ?? 0;
}

/** Of a line of which so much has room: in the middle of a word where that is longer. */
function breakIn(line: string, kept: number, room: number): number {
  const end = Math.max(line.lastIndexOf(" ", room), line.lastIndexOf(",", room - 1) + 1);
  return end > kept ? end : room;
}
