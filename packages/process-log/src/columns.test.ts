import { expect, test } from "vitest";
import { beginningOf, cutInside, cutTo, inColumns, padTo, widthOf } from "./columns.ts";

const ACCENTED = "e\u0301";
const THUMB = "👍🏽";
const FLAG = "🇯🇵";

test.each([
  ["gpu-01", 6],
  ["2 × H100 → done…", 16],
  ["日本語", 6],
  [ACCENTED, 1],
  [THUMB, 2],
  [FLAG, 2],
  ["❤️☝🏽🦙", 6],
  ["한국", 4],
  ["한국".normalize("NFD"), 4],
  ["ｶﾞ", 2],
  ["ｱ", 1],
  ["", 0],
])("%s takes %i columns", (text, width) => {
  expect(widthOf(text)).toBe(width);
});

test("a text is cut between characters as people see them, and never takes more columns than there are", () => {
  expect(beginningOf("日本語", 5)).toBe("日本");
  expect(cutTo("日本語です", 6)).toBe("日本…");
  expect(cutTo("日本語", 6)).toBe("日本語");
  expect(cutTo(`caf${ACCENTED} au lait`, 5)).toBe(`caf${ACCENTED}…`);
  expect(cutTo(`${THUMB}${THUMB}${THUMB}`, 4)).toBe(`${THUMB}…`);
  expect(cutTo(`a${FLAG}${FLAG}`, 4)).toBe(`a${FLAG}…`);
  expect(cutTo("日本", 1)).toBe("…");
});

test("a name is cut in its middle, between characters too, so that those that begin alike differ", () => {
  expect(cutInside("rack-12-gpu-01", 9)).toBe("rack…u-01");
  expect(cutInside("rack-12-gpu-02", 10)).toBe("rack-…u-02");
  expect(cutInside("gpu-01", 6)).toBe("gpu-01");
  expect(cutInside("日本語です", 6)).toBe("日…す");
  expect(cutInside(`${THUMB}ab${ACCENTED}`, 3)).toBe(`…b${ACCENTED}`);
  expect(cutInside("日本", 1)).toBe("…");
});

test("a text is padded by the columns that it leaves, and by none where it leaves none", () => {
  expect(padTo("日本", 6)).toBe("日本  ");
  expect(padTo(ACCENTED, 3)).toBe(`${ACCENTED}  `);
  expect(padTo("\u001b[31m日\u001b[39m", 3)).toBe("\u001b[31m日\u001b[39m ");
  expect(padTo("日本", 3)).toBe("日本");
});

test("sets rows in columns, whoever wrote them", () => {
  const rows = [
    ["ID", "STATE", "NAME"],
    ["gpu-01", "on", ""],
    ["a\n", "offline", "x"],
    ["日本", "🦙", "y"],
  ];
  expect(inColumns(rows).split("\n")).toEqual([
    "ID       STATE    NAME",
    "gpu-01   on",
    "a\\u000a  offline  x",
    "日本     🦙       y",
  ]);
  expect(inColumns([])).toBe("");
});

test("there may be any number of rows", () => {
  expect(inColumns(Array(200_000).fill(["gpu", "x"])).split("\n")).toHaveLength(200_000);
});
