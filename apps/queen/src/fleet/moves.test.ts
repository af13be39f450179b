import { expect, test } from "vitest";
import { Moves } from "./moves.ts";

test("knows of each hive whether it moved since another move", () => {
  const moves = new Moves();
  moves.note("a");
  const since = moves.newest;
  expect([moves.hasMoved("a", since), moves.hasMoved("a", since - 1), moves.hasMoved("b", 0)]).toEqual([
    false,
    true,
    false,
  ]);
  moves.note("a");
  expect(moves.hasMoved("a", since)).toBe(true);
});

test("remembers a bounded number of hives, and says of which time it knows no more", () => {
  const moves = new Moves(2);
  for (const id of ["a", "b", "a", "c"]) moves.note(id);
  expect([1, 2, 3, 4, 5].map((move) => moves.knows(move))).toEqual([false, true, true, true, false]);
  expect([moves.hasMoved("a", 2), moves.hasMoved("c", 3)]).toEqual([true, true]);
});
