import { closedPort } from "@repo/test-support/closed-port";
import { expect, test } from "vitest";
import { HivectlProcess, hivectl } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";

const queen = queenForAll();
/** More than a pipe holds: once all of it is written, somebody reads. */
const PIECE = "# nothing\n".repeat(400_000);

async function reading(args: string[]): Promise<HivectlProcess> {
  const running = new HivectlProcess(args, { QUEEN_URL: queen.url });
  await new Promise<unknown>((resolve) => running.child.stdin.write(PIECE, resolve));
  return running;
}

const NOTHING = "hivectl: interrupted: nothing was done\n";
const CALLS = [
  [["add", "-"], NOTHING],
  [["cordon", "-y", "--reason", "x", "-"], NOTHING],
  [["get", "hives", "-"], ""],
  [["wait", "-"], ""],
] as const;

test.each(CALLS)("one Ctrl-C ends the reading of stdin by %j", async (args, stderr) => {
  const running = await reading([...args]);
  running.child.kill("SIGINT");
  expect(await running.end()).toEqual({ code: 130, stdout: "", stderr });
});

test.each(CALLS)("where Ctrl-C ends whoever writes the stdin of %j, too, nothing is done", async (args, stderr) => {
  const running = await reading([...args]);
  running.child.kill("SIGINT");
  running.child.stdin.end();
  expect(await running.end()).toEqual({ code: 130, stdout: "", stderr });
});

test("columns that there are not are refused before the hives to add are typed", async () => {
  const running = new HivectlProcess(["add", "-", "--columns", "nope"], { QUEEN_URL: queen.url });
  expect(await running.end()).toMatchObject({ code: 2, stderr: expect.stringContaining('no column "nope"') });
});

test.each(["prod", ["prod"]])("labels that are none are refused, also beside those of a flag: %j", async (labels) => {
  const line = JSON.stringify({ id: "gpu-01", host: "h", labels });
  expect(await hivectl(["add", "-", "--label", "env=prod"], { QUEEN_URL: queen.url }, line)).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^1 +gpu-01 +failed +INVALID_HIVE: labels: must be an object/m),
  });
});

test("a call ends once it is answered, however long it might have taken", async () => {
  const running = new HivectlProcess(["get", "models", "--timeout", "20d"], { QUEEN_URL: queen.url });
  expect(await running.end()).toMatchObject({ code: 0, stdout: "" });
});

test("where the queen does not answer before anything is done, it is said that nothing was", async () => {
  await using nobody = await closedPort();
  const away = { QUEEN_URL: nobody.url };
  for (const args of [
    ["cordon", "a", "-y", "--reason", "x"],
    ["label", "-l", "a", "b=c", "-y"],
    ["confirm-missing", "-y"],
  ]) {
    expect(await hivectl(args, away)).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/^hivectl: nothing was done\nhivectl: .*cannot be reached/),
    });
  }
});
