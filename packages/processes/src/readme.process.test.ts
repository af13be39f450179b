import { fileURLToPath } from "node:url";
import { programOf, runInside } from "@repo/test-support/readme";
import { expect, test } from "vitest";

test("the example of the README runs and prints what its comments say", async () => {
  const packageFolder = fileURLToPath(new URL("..", import.meta.url));
  await using run = await runInside(packageFolder, await programOf(new URL("../README.md", import.meta.url)));
  expect(run).toMatchObject({
    exitCode: 0,
    stdout: "3 hello\nno-such-program is not installed\ntrue false\n",
    stderr: "",
  });
});
