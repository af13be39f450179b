import { expect, test } from "vitest";
import { parse } from "yaml";
import { type Kind, printerOf, sorterOf, valueText } from "./records.ts";
import { measured } from "./table.ts";
import type { Terminal } from "./terminal.ts";

const STRANGE = { "k\u009b": "\x1b]0;owned\x07\u202e", plain: "yes", lines: "a\nb", number: 1, none: null, list: [] };

test.each([
  ["json", JSON.parse],
  ["yaml", (text: string) => parse(text)],
] as const)("%s says the same value, and holds nothing that steers a terminal", async (format, read) => {
  const text = await valueText(STRANGE, format);
  expect(read(text)).toEqual(STRANGE);
  expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

test.each(["name", "jsonl", "json", "yaml", "table"] as const)(
  "records as %s hold nothing that steers a terminal",
  async (format) => {
    let text = "";
    const terminal = { isForPeople: false, style: (_style: unknown, said: string) => said } as unknown as Terminal;
    terminal.write = async (said) => {
      text += said;
    };
    const nameOf = ({ plain }: { plain: string }) => plain;
    const kind = { name: "things", nameOf, columns: [{ title: "NAME", cell: nameOf }] };
    const printer = printerOf(kind, { format, headers: true }, terminal, () => 0);
    await printer.print([{ ...STRANGE, plain: "gpu-\x1b[2J\u009b\u202e" }]);
    await printer.end({ beside: "\u009b" });
    expect(text).toContain("gpu-");
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  },
);

test("what is not known is last in the order of a column, either way", () => {
  const kind: Kind<{ load: number | null }> = {
    name: "things",
    nameOf: () => "",
    columns: [measured("LOAD", ({ load }) => load)],
  };
  const records = [{ load: null }, { load: 2 }, { load: 10 }];
  const sorted = (sort: string) => sorterOf(kind, sort)(records).map(({ load }) => load);
  expect([sorted("load"), sorted("-load")]).toEqual([
    [2, 10, null],
    [10, 2, null],
  ]);
});
