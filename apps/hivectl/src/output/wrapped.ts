/** What a line without columns goes on behind. */
const INDENT = 4;

/** Lines that are longer than the terminal go on below their last column, broken behind a word or a comma; a column that begins in its last third has no room for that. */
export function wrapped(text: string, width: number | undefined): string {
  if (width === undefined) return text;
  return text
    .split("\n")
    .flatMap((line) => wrappedLine(line, width))
    .join("\n");
}

function wrappedLine(line: string, width: number): string[] {
  const hang = lastColumnOf(line, (width * 2) / 3);
  const lines: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const end = breakIn(rest, hang, width);
    lines.push(rest.slice(0, end).trimEnd());
    rest = " ".repeat(hang) + rest.slice(end).trimStart();
  }
  return [...lines, rest];
}

function lastColumnOf(line: string, limit: number): number {
  const starts = Array.from(line.matchAll(/ {2,}(?=\S)/g), ({ index, 0: gap }) => index + gap.length);
  return starts.findLast((start) => start <= limit) ?? INDENT;
}

/** In the middle of a word where it is longer than the line. */
function breakIn(line: string, hang: number, width: number): number {
  const end = Math.max(line.lastIndexOf(" ", width), line.lastIndexOf(",", width - 1) + 1);
  return end > hang ? end : width;
}
