import { expect, test } from "vitest";
import { changeToTell } from "./change.ts";

const shown = ["a", "b", "c"];
const other = ["b", "a", "c"];
const others = ["b", "a", "d", "e"];

test("hives that come, go, and change places are told", () => {
  const list = { sort: "status", isPart: false };
  expect(changeToTell(shown, other, list)).toEqual({ more: 0, fewer: 0, isOther: true });
  expect(changeToTell(shown, others, list)).toEqual({ more: 2, fewer: 1, isOther: true });
});

test.each(["last_beat", "-load", "-free_vram"])(
  "of an order by %s, which changes with each beat, nothing is told but hives that come and go",
  (sort) => {
    expect(changeToTell(shown, other, { sort, isPart: false })).toBeUndefined();
    expect(changeToTell(shown, others, { sort, isPart: true })).toBeUndefined();
    expect(changeToTell(shown, others, { sort, isPart: false })).toEqual({ more: 2, fewer: 1, isOther: false });
  },
);
