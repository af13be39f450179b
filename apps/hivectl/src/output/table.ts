import { printable } from "@repo/process-log/printable";
import type { Style, Terminal } from "./terminal.ts";
import type { Times } from "./times.ts";

export type Cell = string | { readonly text: string; readonly style: Style | undefined };

export interface Column<R> {
  readonly title: string;
  /** Shown by `-o wide`, and where it is asked for. */
  readonly isWide?: boolean;
  readonly cell: (record: R, times: Times) => Cell;
  /** Of what `--sort` compares. Default: the text of the cell. */
  readonly sortKey?: (record: R) => number | string | null;
}

interface Shown {
  readonly text: string;
  readonly style: Style | undefined;
}

const GAP = "  ";
/** Below this, a column says nothing. */
const MIN_WIDTH = 4;
/** What the first, by which a row is known, has in any case. */
const MIN_FIRST_WIDTH = 12;

/** Rows in columns, which become wider as rows come that need it. On a terminal no line is longer than it, and the last columns are left out where it is too narrow for all; elsewhere nothing is cut. */
export class Table<R> {
  readonly #columns: readonly Column<R>[];
  readonly #terminal: Terminal;
  #widths: number[] = [];
  #hasTitles: boolean;

  constructor(columns: readonly Column<R>[], terminal: Terminal, { headers }: { headers: boolean }) {
    const { width = Infinity } = terminal;
    this.#columns = columns.slice(0, 1 + Math.max(0, Math.floor((width - MIN_FIRST_WIDTH) / (MIN_WIDTH + GAP.length))));
    this.#terminal = terminal;
    this.#hasTitles = !headers;
  }

  /** The lines of these records, below the titles if they are the first. */
  text(records: readonly R[], times: Times): string {
    const rows = records.map((record) => this.#columns.map(({ cell }) => shown(cell(record, times))));
    if (!this.#hasTitles) rows.unshift(this.#columns.map(({ title }) => ({ text: title, style: undefined })));
    this.#hasTitles = true;
    this.#widths = this.#columns.map((_, at) =>
      Math.max(this.#widths[at] ?? 0, ...rows.map((row) => row[at]?.text.length ?? 0)),
    );
    const widths = fit(this.#widths, this.#terminal.width);
    return rows.map((row) => `${this.#line(row, widths)}\n`).join("");
  }

  #line(row: readonly Shown[], widths: readonly number[]): string {
    const last = row.length - 1;
    const cells = row.map(({ text, style }, at) => {
      const cut = cutTo(text, widths[at] ?? 0);
      const padding = at === last ? "" : " ".repeat((widths[at] ?? 0) - cut.length);
      return this.#terminal.style(style, cut) + padding;
    });
    return cells.join(GAP).trimEnd();
  }
}

const shown = (cell: Cell): Shown => {
  const { text, style } = typeof cell === "string" ? { text: cell, style: undefined } : cell;
  return { text: printable(text) || "-", style };
};

const cutTo = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`);

/** Takes what is too much from the widest columns; from the first, by which a row is known, only when the others have no more to give. */
function fit(widths: readonly number[], available: number | undefined): number[] {
  if (available === undefined) return [...widths];
  const room = available - GAP.length * (widths.length - 1);
  const [first = 0, ...others] = widths;
  const capped = cap(others, Math.max(room - first, MIN_WIDTH * others.length));
  return [Math.min(first, Math.max(room - sum(capped), MIN_WIDTH)), ...capped];
}

/** The same widths, the widest of them lowered until all have room. */
function cap(widths: readonly number[], room: number): number[] {
  let limit = Math.max(0, ...widths);
  while (limit > MIN_WIDTH && sum(widths.map((width) => Math.min(width, limit))) > room) limit -= 1;
  return widths.map((width) => Math.min(width, limit));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
