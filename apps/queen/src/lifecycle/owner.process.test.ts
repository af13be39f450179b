import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { isGone, newOwner } from "./owner.ts";

const own = newOwner();
const [host, boot, pid, startTime] = own.split(" ");

test("a queen that runs is not gone, and each start of one has a name of its own", () => {
  expect(isGone(own)).toBe(false);
  expect(newOwner()).not.toBe(own);
});

test.each([
  ["a process of before the last boot", `${host} 00000000-0000-0000-0000-000000000000 ${pid} ${startTime} a`],
  ["a process whose id another one got", `${host} ${boot} ${pid} 1 a`],
])("%s is gone", (_what, owner) => {
  expect(isGone(owner)).toBe(true);
});

test("a process that has ended is gone", async () => {
  const child = spawn("/bin/true");
  await once(child, "close");
  expect(isGone(`${host} ${boot} ${child.pid} ${startTime} a`)).toBe(true);
});

test.each(["", "elsewhere x 1 1 a", "queen-1"])("of %j, which runs elsewhere, nothing can be known", (owner) => {
  expect(isGone(owner)).toBe(false);
});
