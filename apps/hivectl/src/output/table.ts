import { cutInside, cutTo, padTo, widthOf } from "@repo/process-log/columns";
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
  /** Of the widest cell that comes, where it is known before. */
  readonly minWidth?: number;
  /** When something was: that it was again is no news by itself. */
  readonly isAge?: true;
  /** Is cut only where nothing else is left to give way: half of a status is none. */
  readonly isWhole?: true;
  /** Is left out only after all that are not: what it says changes what the others mean. */
  readonly isKept?: true;
}

/** Of what is measured: in the order of that, whatever its text. */
export const measured = <R>(
  title: string,
  sortKey: (record: R) => number | null,
  say: (measure: number) => string = String,
): Column<R> => ({
  title,
  cell(record) {
    const measure = sortKey(record);
    return measure === null ? "-" : say(measure);
  },
  sortKey,
});

/** Of when something was. */
export const timed = <R>(title: string, sortKey: (record: R) => number | null): Column<R> => ({
  title,
  cell: (record, times) => times.at(sortKey(record)),
  sortKey,
});

export const textOf = (cell: Cell): string => (typeof cell === "string" ? cell : cell.text);

interface Shown {
  readonly text: string;
  readonly width: number;
  readonly style: Style | undefined;
}

interface Room {
  readonly width: number;
  readonly isWhole: boolean;
}

const GAP = "  ";
/** Below this, a column that has more to say says nothing. */
const MIN_WIDTH = 10;
/** What the first column keeps in any case. */
const MIN_FIRST_WIDTH = 4;

/** Rows in columns, which become wider as rows come that need it. On a terminal no line is longer than it, and the last columns that say no more than their own are left out where it is too narrow for all; elsewhere nothing is cut. */
export class Table<R> {
  readonly #terminal: Terminal;
  #columns: readonly Column<R>[];
  #widths: number[] = [];
  #isFirst = true;
  #leftOut: readonly string[] = [];
  readonly #headers: boolean;

  constructor(columns: readonly Column<R>[], terminal: Terminal, { headers }: { headers: boolean }) {
    this.#columns = columns;
    this.#terminal = terminal;
    this.#headers = headers;
  }

  /** The lines of these records, below the titles if they are the first. */
  text(records: readonly R[], times: Times): string {
    const rows = records.map((record) => this.#columns.map(({ cell }) => shown(cell(record, times))));
    if (this.#isFirst && this.#headers) {
      rows.unshift(this.#columns.map(({ title }) => shown(title)));
    }
    this.#widths = this.#columns.map(({ minWidth }, at) =>
      rows.reduce((width, row) => Math.max(width, row[at]?.width ?? 0), this.#widths[at] ?? minWidth ?? 0),
    );
    // Which columns there are is known from the first rows on.
    if (this.#isFirst) this.#leaveOut(rows);
    this.#isFirst = false;
    const widths = fit(this.#room, this.#terminal.width);
    return rows.map((row) => `${this.#line(row, widths)}\n`).join("");
  }

  get leftOut(): readonly string[] {
    return this.#leftOut;
  }

  #leaveOut(rows: Shown[][]): void {
    const all = this.#columns;
    while (this.#columns.length > 1 && !haveRoom(this.#room, this.#terminal.width)) {
      const at = this.#columns.findLastIndex(({ isKept }, at) => at > 0 && isKept !== true);
      this.#columns = this.#columns.toSpliced(at, 1);
      for (const cells of [this.#widths, ...rows]) cells.splice(at, 1);
    }
    this.#leftOut = all.filter((column) => !this.#columns.includes(column)).map(({ title }) => title);
  }

  get #room(): readonly Room[] {
    return this.#columns.map(({ isWhole = false }, at) => ({ width: this.#widths[at] ?? 0, isWhole }));
  }

  #line(row: readonly Shown[], widths: readonly number[]): string {
    const last = row.length - 1;
    const cells = row.map(({ text, style }, at) => {
      const width = widths[at] ?? 0;
      const cell = this.#terminal.style(style, cut(text, width));
      return at === last ? cell : padTo(cell, width);
    });
    return cells.join(GAP).trimEnd();
  }
}

const shown = (cell: Cell): Shown => {
  const { text, style } = typeof cell === "string" ? { text: cell, style: undefined } : cell;
  const said = printable(text) || "-";
  return { text: said, width: widthOf(said), style };
};

/** Names in the middle; sentences and lists behind their beginning. */
const cut = (text: string, width: number): string => (/[ ,]/.test(text) ? cutTo : cutInside)(text, width);

const minOf = ({ width, isWhole }: Room): number => (isWhole ? width : Math.min(width, MIN_WIDTH));

/** Whether columns have room beside each other: the first whole, unless it takes more than half, and of each other what it needs at least. */
function haveRoom(columns: readonly Room[], available = Infinity): boolean {
  let left = available;
  return columns.every((column, at) => {
    const least = column.isWhole && column.width <= left ? column.width : MIN_WIDTH;
    left -= Math.min(column.width, at === 0 ? available / 2 : least);
    if (left < 0) return false;
    left -= GAP.length;
    return true;
  });
}

/** Takes what is too much from the widest columns; from the first, by which a row is known, only when the others have no more to give. */
function fit(columns: readonly Room[], available: number | undefined): number[] {
  if (available === undefined) return columns.map(({ width }) => width);
  const room = available - GAP.length * (columns.length - 1);
  const [{ width: first } = { width: 0 }, ...others] = columns;
  const needed = sum(others.map(minOf));
  const capped = cap(others, Math.min(Math.max(room - first, needed), room - Math.min(first, MIN_FIRST_WIDTH)));
  return [Math.min(first, room - sum(capped)), ...capped];
}

/** The same widths, the widest of them lowered until all have room: those that stay whole only when the others are not enough. */
function cap(columns: readonly Room[], room: number): number[] {
  const lowered = (limit: number, isWholeToo: boolean) =>
    columns.map(({ width, isWhole }) => (isWhole && !isWholeToo ? width : Math.min(width, limit)));
  const isWholeToo = sum(lowered(1, false)) > room;
  let limit = Math.max(0, ...columns.map(({ width }) => width));
  while (limit > 1 && sum(lowered(limit, isWholeToo)) > room) limit -= 1;
  return lowered(limit, isWholeToo);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
