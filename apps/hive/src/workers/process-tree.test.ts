import { expect, test } from "vitest";
import type { Stat } from "./proc.ts";
import { ProcessTree } from "./process-tree.ts";

const stat = (pid: number, parentId: number, startTime: string, ticks = 0): Stat => {
  return { pid, parentId, startTime, ticks, name: "server", groupId: pid, isInKernel: false };
};

test("processes that end and begin while they are read, and seem to stand in a circle, are gone through once", () => {
  const tree = new ProcessTree([stat(2, 3, "1"), stat(3, 2, "1")], 0);
  expect(tree.ancestorsOf(2)).toEqual([3, 2]);
  expect(tree.withDescendants(2)).toEqual([2, 3]);
});

test("a process that has the id of one that ended has taken all of its time since then", () => {
  const before = new ProcessTree([stat(2, 1, "1", 100), stat(3, 2, "1", 10)], 0);
  const after = new ProcessTree([stat(2, 1, "1", 150), stat(3, 2, "9", 20)], 1000);
  expect(after.cpuPercent(2, before)).toBe(70);
  expect(after.cpuPercent(3, before)).toBeUndefined();
});
