import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { NamedPipe } from "@repo/test-support/named-pipe";
import { expect, onTestFinished, test } from "vitest";
import { QUEEN } from "../test/programs.ts";
import { postJson, queenProcesses } from "../test/queen-processes.ts";
import { HIVE_JSON } from "../test/test-queen.ts";
import { until } from "../test/until.ts";

const queens = queenProcesses();

test("answers, and ends with 0 at SIGTERM, though nobody reads the pipe that holds its log", async () => {
  using pipe = new NamedPipe(`${queens.folder}/log`);
  const stdout = openSync(pipe.path, "w");
  const queen = spawn(process.execPath, [QUEEN, "--port", "0", "--database", queens.file], {
    stdio: ["ignore", stdout, "inherit"],
  });
  closeSync(stdout);
  onTestFinished(() => void queen.kill("SIGKILL"));
  const ended = once(queen, "exit");
  const [, port] = await until("it listens", () => /"port":(\d+),"msg":"queen listening"/.exec(pipe.read()) ?? false);
  pipe.fill();
  const url = `http://127.0.0.1:${port}/v1/hives`;
  const added = await Promise.all(
    Array.from({ length: 20 }, (_, n) => postJson(url, { ...HIVE_JSON, id: `hive-${n}` })),
  );
  expect(added.map(({ status }) => status)).toEqual(Array(20).fill(201));
  queen.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});
