import { expect, test } from "vitest";
import { Revisions } from "./revisions.ts";

test("knows of each hive whether it changed since a revision", () => {
  const revisions = new Revisions();
  revisions.changed("a");
  const since = revisions.newest;
  expect([
    revisions.hasChanged("a", since),
    revisions.hasChanged("a", since - 1),
    revisions.hasChanged("b", 0),
  ]).toEqual([false, true, false]);
  revisions.changed("a");
  expect(revisions.hasChanged("a", since)).toBe(true);
});

test("remembers a bounded number of hives, and says of which time it knows no more", () => {
  const revisions = new Revisions(2);
  for (const id of ["a", "b", "a", "c"]) revisions.changed(id);
  expect([1, 2, 3, 4, 5].map((revision) => revisions.knows(revision))).toEqual([false, true, true, true, false]);
  expect([revisions.hasChanged("a", 2), revisions.hasChanged("c", 3)]).toEqual([true, true]);
});
