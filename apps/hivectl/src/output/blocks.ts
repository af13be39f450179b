import { inColumns } from "@repo/process-log/columns";

export const indented = (lines: string): string => lines.replaceAll(/^/gm, "  ");

/** Rows in columns below a title, and how many more there are; none where there are none. */
export function block(title: string, rows: readonly (readonly string[])[], more = 0): string[] {
  if (rows.length === 0) return [];
  const left = more > 0 ? [`  … and ${more} more`] : [];
  return [[`${title}:`, indented(inColumns(rows)), ...left].join("\n")];
}
