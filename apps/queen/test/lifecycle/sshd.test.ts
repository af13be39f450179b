import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Sshd } from "./sshd.ts";

test("one that cannot start leaves neither a user nor a folder behind", async () => {
  const message = await Sshd.start({ lines: ["NoSuchKeyword yes"] }).then(() => "it started", String);
  const folder = /\S+\/queen-sshd-\w+/.exec(message)?.[0] ?? message;
  expect(message).toContain("sshd ended: ");
  expect(readFileSync("/etc/passwd", "utf8")).not.toContain(folder);
  expect(existsSync(folder)).toBe(false);
});
