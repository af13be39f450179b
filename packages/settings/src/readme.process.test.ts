import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { programOf, runInside } from "@repo/test-support/readme";
import { expect, test } from "vitest";

const README = new URL("../README.md", import.meta.url);
const program = await programOf(README);

async function greeter(args: string[], env = {}) {
  await using run = await runInside(fileURLToPath(new URL("..", import.meta.url)), program, { args, env });
  const { exitCode, stdout, stderr } = run;
  return { exitCode, stdout, stderr };
}

test("the example of the README greets as its flags and variables say", async () => {
  const greeted = { exitCode: 0, stdout: "HELLO, WORLD!\nHELLO, WORLD!\n", stderr: "" };
  expect(await greeter(["--times", "2", "--tone", "loud"])).toEqual(greeted);
  expect(await greeter([], { GREETER_TIMES: "2", GREETER_TONE: "loud" })).toEqual(greeted);
});

test("it says what the README says of settings that cannot be used, and of variables that are none, and helps", async () => {
  const [problems, warning] = [...readFileSync(README, "utf8").matchAll(/```\n(greeter: .*?)```/gs)].map(
    ([, said]) => said,
  );
  expect(await greeter([], { GREETER_TIME: "2" })).toEqual({ exitCode: 0, stdout: "Hello, world!\n", stderr: warning });
  expect(await greeter(["--times", "10", "--tone", "shrill"])).toEqual({ exitCode: 2, stdout: "", stderr: problems });
  const { exitCode, stdout } = await greeter(["--help"]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining("GREETER_API_TOKEN") });
});
