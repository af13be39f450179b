import { expect, test } from "vitest";
import { postJson, queenProcesses } from "../test/queen-processes.ts";
import { HIVE_JSON } from "../test/test-queen.ts";

const queens = queenProcesses();

test("starts from any folder, says where it listens, and keeps its hives over a SIGKILL", async () => {
  const first = queens.start();
  const added = await postJson(`${await first.origin()}/v1/hives`, HIVE_JSON);
  const stored = await added.json();
  first.child.kill("SIGKILL");
  expect(await first.end()).toEqual({ code: null, signal: "SIGKILL" });

  const second = queens.start();
  const found = await fetch(`${await second.origin()}/v1/hives/hive-a`);
  expect(await found.json()).toEqual(stored);
});

test("runs `queen token` on the database of the environment, and prints the token alone", async () => {
  const queen = queens.start(["token", "create", "--name", "ops", "--role", "operator"]);
  expect(await queen.end()).toEqual({ code: 0, signal: null });
  expect(queen.stdout).toMatch(/^hq_[0-9a-f]{16}_[\w-]{43}\n$/);
});

test("prints its version", async () => {
  const queen = queens.start(["--version"]);
  expect(await queen.end()).toEqual({ code: 0, signal: null });
  expect(queen.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
