import { widest } from "@repo/process-log/columns";
import { printable } from "@repo/process-log/printable";
import { UsageProblem } from "../failure.ts";
import { SaidLines } from "./changes.ts";
import { type Column, Table, textOf } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { timesByClock, timesFor } from "./times.ts";

export const FORMATS = ["table", "wide", "json", "jsonl", "yaml", "name"] as const;
export type Format = (typeof FORMATS)[number];

/** What is printed of records of one kind. */
export interface Kind<R> {
  /** Of the list in JSON: "hives". */
  readonly name: string;
  readonly columns: readonly Column<R>[];
  readonly nameOf: (record: R) => string;
}

/** The same, with room from the first line on for all that will come in that column. */
export function withRoom<R>(kind: Kind<R>, title: string, texts: readonly string[]): Kind<R> {
  const minWidth = widest(texts);
  return { ...kind, columns: kind.columns.map((one) => (one.title === title ? { ...one, minWidth } : one)) };
}

export interface How {
  readonly format: Format;
  /** Titles, in the order in which they are shown. */
  readonly columns?: readonly string[] | undefined;
  /** A title, with `-` before it for the other way round. */
  readonly sort?: string | undefined;
  readonly headers: boolean;
  /** Whether the lines stay while time goes on. */
  readonly isWatch?: boolean;
}

/** Prints records as they come; `end` says what stands beside them in the API's answer. */
export interface Printer<R> {
  print(records: readonly R[]): Promise<void>;
  end(beside?: object): Promise<void>;
}

export function printerOf<R>(kind: Kind<R>, how: How, terminal: Terminal, now: () => number): Printer<R> {
  const lines = (text: (record: R) => string): Printer<R> => ({
    print: (records) => terminal.write(records.map((record) => text(record)).join("")),
    end: async () => undefined,
  });
  switch (how.format) {
    case "name":
      return lines((record) => `${printable(kind.nameOf(record))}\n`);
    case "jsonl":
      return lines((record) => `${printable(JSON.stringify(record))}\n`);
    case "yaml":
      return yamlPrinter(kind.name, terminal);
    case "json":
      return jsonPrinter(kind.name, terminal);
    default: {
      const table = new Table(columnsOf(kind, how), terminal, how);
      const isByClock = terminal.isForPeople && how.isWatch === true;
      const times = () => (isByClock ? timesByClock(now()) : timesFor(terminal.isForPeople, now()));
      return {
        print: (records) => terminal.write(table.text(records, times())),
        async end() {
          if (table.leftOut.length > 0)
            terminal.say(`no room for ${table.leftOut.join(", ")}: --columns says which to show`);
        },
      };
    }
  }
}

/** One document, though it is written as the records come. */
function jsonPrinter<R>(name: string, terminal: Terminal): Printer<R> {
  let before = `{${JSON.stringify(name)}:[`;
  return {
    async print(records) {
      for (const record of records) {
        await terminal.write(`${before}\n${printable(JSON.stringify(record))}`);
        before = ",";
      }
    },
    async end(beside = {}) {
      const rest = Object.entries(beside).map(([field, value]) => `,${JSON.stringify(field)}:${JSON.stringify(value)}`);
      await terminal.write(`${printable(`${before === "," ? "" : before}]${rest.join("")}}`)}\n`);
    },
  };
}

/** The same document in YAML, where the items of a list may stand at the margin of its name, page after page. */
function yamlPrinter<R>(name: string, terminal: Terminal): Printer<R> {
  let before = `${name}:\n`;
  return {
    async print(records) {
      if (records.length === 0) return;
      await terminal.write(`${before}${await yamlText(records)}`);
      before = "";
    },
    async end(beside = {}) {
      const rest = { ...(before !== "" && { [name]: [] }), ...beside };
      if (Object.keys(rest).length > 0) await terminal.write(await yamlText(rest));
    },
  };
}

/** Those that are shown; all where records are no lines of a table. */
export const linesSaid = <R>(kind: Kind<R>, how: How): SaidLines<R> => {
  const isTable = how.format === "table" || how.format === "wide";
  return new SaidLines(isTable ? columnsOf(kind, how) : kind.columns, kind.nameOf);
};

function columnsOf<R>({ columns, name }: Kind<R>, { format, columns: titles }: How): readonly Column<R>[] {
  if (titles === undefined) return columns.filter(({ isWide }) => format === "wide" || isWide !== true);
  return titles.map((title) => columnOf(columns, title, name));
}

function columnOf<R>(columns: readonly Column<R>[], title: string, name: string): Column<R> {
  const column = columns.find((one) => one.title === title.toUpperCase());
  if (column !== undefined) return column;
  const known = columns.map((one) => one.title.toLowerCase()).join(", ");
  throw new UsageProblem(`${name} have no column ${JSON.stringify(title)}: they have ${known}`);
}

export type Sorter<R> = (records: readonly R[]) => readonly R[];

/** Puts records in the order of a column, as `--sort` says; leaves them as they are where it says nothing. What is not known is last, either way. Throws at once where there is no such column. */
export function sorterOf<R>(kind: Kind<R>, sort: string | undefined): Sorter<R> {
  if (sort === undefined) return (records) => records;
  const column = columnOf(kind.columns, sort.replace(/^-/, ""), kind.name);
  const times = timesFor(false, 0);
  const keyOf = column.sortKey ?? ((record: R) => textOf(column.cell(record, times)));
  const direction = sort.startsWith("-") ? -1 : 1;
  return (records) => {
    const keyed = records.map((record) => ({ record, key: keyOf(record) }));
    return keyed.toSorted((a, b) => compare(a.key, b.key, direction)).map(({ record }) => record);
  };
}

function compare(a: number | string | null, b: number | string | null, direction: number): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (a === b) return 0;
  return a < b ? -direction : direction;
}

/** One value as a whole, for a verb that shows one thing. */
export const valueText = async (value: unknown, format: Format): Promise<string> => {
  if (format === "yaml") return yamlText(value);
  return format === "jsonl" ? `${printable(JSON.stringify(value))}\n` : jsonText(value);
};

/** JSON over several lines; what steers a terminal is escaped in it. */
const jsonText = (value: unknown): string =>
  `${JSON.stringify(value, null, 2).split("\n").map(printable).join("\n")}\n`;

/** YAML, with texts in quotes where something in them must be escaped. What makes it takes a while to load, and most calls need none. */
async function yamlText(value: unknown): Promise<string> {
  const { Document, isScalar, visit } = await import("yaml");
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, (_key, node) => {
    if (isScalar(node) && typeof node.value === "string" && printable(node.value) !== node.value) {
      node.type = "QUOTE_DOUBLE";
    }
  });
  return document.toString({ lineWidth: 0 }).split("\n").map(printable).join("\n");
}
