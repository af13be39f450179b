import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { NamedPipe } from "@repo/test-support/named-pipe";
import { expect, onTestFinished, test } from "vitest";
import { AGENT, eventually, startQueenDouble, temporaryFolder } from "./testing.ts";

test("beats, answers, and ends with 0 at SIGTERM, though nobody reads the pipe that holds its log", async () => {
  using pipe = new NamedPipe(join(temporaryFolder(), "log"));
  const queen = await startQueenDouble();
  // Each answer is another than the one before, which is a line of the log.
  queen.answerWith((response) => {
    response.writeHead(queen.beats.length % 2 === 0 ? 200 : 400).end("{}");
  });
  const stdout = openSync(pipe.path, "w");
  const agent = spawn(process.execPath, [AGENT, "--port", "0", "--queen", queen.url, "--beat-interval-ms", "100"], {
    stdio: ["ignore", stdout, "inherit"],
  });
  closeSync(stdout);
  onTestFinished(() => void agent.kill("SIGKILL"));
  const ended = once(agent, "exit");
  const listening = await eventually(
    () => /"port":(\d+),"msg":"hive listening"/.exec(pipe.read()) ?? undefined,
    "its port",
  );
  pipe.fill();
  const before = queen.beats.length;
  await eventually(() => (queen.beats.length >= before + 5 ? true : undefined), "five beats");
  expect((await fetch(`http://127.0.0.1:${listening[1]}/health`)).status).toBe(200);
  agent.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});

test.each(["--help", "--version", "status"])(
  "that there is no room for what %s asks for is one sentence and exit code 1",
  async (flag) => {
    const stdout = openSync("/dev/full", "w");
    const agent = spawn(process.execPath, [AGENT, flag], { stdio: ["ignore", stdout, "pipe"] });
    closeSync(stdout);
    const [stderr, ended] = await Promise.all([agent.stderr && text(agent.stderr), once(agent, "close")]);
    expect(stderr).toMatch(/^hive: stdout cannot be written: ENOSPC[^\n]*\n$/);
    expect(ended).toEqual([1, null]);
  },
);
