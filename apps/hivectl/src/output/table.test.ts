import { widthOf } from "@repo/process-log/columns";
import { expect, test } from "vitest";
import { withRoom } from "./records.ts";
import { Table } from "./table.ts";
import { type Streams, Terminal } from "./terminal.ts";
import { timesFor } from "./times.ts";

interface Row {
  readonly id: string;
  readonly text: string;
}

const times = timesFor(true, 0);
const COLUMNS = [
  { title: "ID", cell: ({ id }: Row) => id },
  { title: "TEXT", cell: ({ text }: Row) => text },
  { title: "MORE", cell: () => ({ text: "more", style: "red" as const }) },
];

/** One that is `columns` wide, or no terminal at all. */
function terminal(columns?: number, env = {}): Terminal {
  const stdout = { isTTY: columns !== undefined, columns };
  return new Terminal({ stdout } as unknown as Streams, { env, command: "hivectl", noColor: false, quiet: false });
}

test("columns are as wide as they need to be, and become wider as rows come", () => {
  const table = new Table(COLUMNS, terminal(), { headers: true });
  expect(table.text([{ id: "a", text: "one" }], times)).toBe("ID  TEXT  MORE\na   one   more\n");
  expect(table.text([{ id: "longer", text: "x" }], times)).toBe("longer  x     more\n");
  expect(table.text([{ id: "b", text: "" }], times)).toBe("b       -     more\n");
});

test("on a terminal the widest column is cut, the last is left out, and an id gives way when nothing else can; elsewhere nothing does", () => {
  const rows = [{ id: "hive-0123456789", text: "a long text that goes on" }];
  const textIn = (columns?: number) =>
    new Table(COLUMNS, terminal(columns, { NO_COLOR: "1" }), { headers: false }).text(rows, times);
  expect(textIn(35)).toBe("hive-0123456789  a long text…  more\n");
  expect(textIn(30)).toBe("hive-0123456789  a long text …\n");
  expect(textIn(24)).toBe("hive-0…56789  a long te…\n");
  expect(textIn()).toBe("hive-0123456789  a long text that goes on  more\n");
});

test("what is wide, or stands on the letter before it, takes the columns that a terminal gives it, and is cut between characters", () => {
  const rows = [
    { id: "日本", text: "大きなモデル" },
    { id: "x", text: "cafe\u0301" },
    { id: "👍🏽", text: "🦙" },
  ];
  const textIn = (columns?: number) =>
    new Table(COLUMNS, terminal(columns, { NO_COLOR: "1" }), { headers: false }).text(rows, times).split("\n");
  expect(textIn()).toEqual([
    "日本  大きなモデル  more",
    "x     cafe\u0301          more",
    "👍🏽    🦙            more",
    "",
  ]);
  expect(textIn(22)).toEqual([
    "日本  大き…デル   more",
    "x     cafe\u0301        more",
    "👍🏽    🦙          more",
    "",
  ]);
});

test("a column that stays whole is cut only when the others have nothing left", () => {
  const columns = COLUMNS.map((column) => (column.title === "TEXT" ? { ...column, isWhole: true as const } : column));
  const rows = [{ id: "hive-0123456789", text: "online,unreachable" }];
  const table = (width: number) => new Table(columns, terminal(width, { NO_COLOR: "1" }), { headers: false });
  expect(table(60).text(rows, times)).toBe("hive-0123456789  online,unreachable  more\n");
  const narrow = table(30);
  expect([narrow.text(rows, times), narrow.leftOut]).toEqual(["hive-…6789  online,unreachable\n", ["MORE"]]);
});

test("what is cut of a name is its middle, and of a list its end", () => {
  const rows = ["01", "02"].map((end) => ({ id: `rack-12-row-7-column-${end}`, text: "env=prod,rack=r12,zone=z1" }));
  const table = new Table(COLUMNS.slice(0, 2), terminal(30, { NO_COLOR: "1" }), { headers: false });
  expect(table.text(rows, times).split("\n")).toEqual([
    "rack-12-r…olumn-01  env=prod,…",
    "rack-12-r…olumn-02  env=prod,…",
    "",
  ]);
});

test("the columns that are kept stay for longer than those before them, in their order", () => {
  const columns = [...COLUMNS, { title: "WHY", isKept: true as const, cell: ({ text }: Row) => text }];
  const table = new Table(columns, terminal(30, { NO_COLOR: "1" }), { headers: true });
  expect(table.text([{ id: "gpu-01", text: "key refused by host" }], times)).toBe(
    "ID      TEXT        WHY\ngpu-01  key refus…  key refus…\n",
  );
  expect(table.leftOut).toEqual(["MORE"]);
});

test("no line is longer than any terminal, whatever comes after the first rows", () => {
  const plain = Array.from({ length: 20 }, (_, at) => ({ title: `C${at}`, cell: ({ text }: Row) => text }));
  for (const many of [plain, plain.map((one, at) => (at % 2 === 0 ? one : { ...one, isWhole: true as const }))])
    for (let width = 20; width < 200; width += 1) {
      const table = new Table(many, terminal(width, { NO_COLOR: "1" }), { headers: true });
      const texts = ["a", "some text", "text that is longer than any", "どれよりも長いテキスト👍🏽"].map((text) =>
        table.text([{ id: "a", text }], times),
      );
      const lengths = texts.join("").split("\n").map(widthOf);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(width);
    }
});

test("what a stranger wrote steers no terminal", () => {
  const text = new Table(COLUMNS, terminal(80, { NO_COLOR: "1" }), { headers: false }).text(
    [{ id: "\x1b[2J", text: "a\nb\u202e\x9b" }],
    times,
  );
  expect(text).toBe("\\u001b[2J  a\\u000ab\\u202e\\u009b  more\n");
});

test("a cell is coloured on a terminal alone, and its colour takes no room", () => {
  const rows = [{ id: "a", text: "b" }];
  expect(new Table(COLUMNS, terminal(80), { headers: false }).text(rows, times)).toBe("a  b  \x1b[31mmore\x1b[39m\n");
  expect(new Table(COLUMNS, terminal(), { headers: false }).text(rows, times)).toBe("a  b  more\n");
});

test("there may be any number of rows", () => {
  const { columns } = withRoom(
    { name: "rows", nameOf: ({ id }: Row) => id, columns: COLUMNS },
    "ID",
    Array(200_000).fill("id"),
  );
  const text = new Table(columns, terminal(), { headers: false }).text(
    Array(200_000).fill({ id: "a", text: "b" }),
    times,
  );
  expect(text.split("\n")).toHaveLength(200_001);
});
