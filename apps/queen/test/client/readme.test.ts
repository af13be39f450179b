import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { programOf, runInside } from "@repo/test-support/readme";
import { expect, test } from "vitest";
import { postJson, queenProcesses } from "../queen-processes.ts";

const README = new URL("../../../../packages/queen-client/README.md", import.meta.url);
const APP = fileURLToPath(new URL("../..", import.meta.url));
const queens = queenProcesses();

test("the example of the client's README says with a real queen what stands beside it", async () => {
  const { url: QUEEN_URL } = await queens.open();
  const said = [...(await readFile(README, "utf8")).matchAll(/^[^|\n]*console\.log.*?; \/\/ (.*)$/gm)].map(
    ([, text]) => text,
  );
  await using run = await runInside(APP, await programOf(README), { env: { QUEEN_URL } });
  const { exitCode, stdout, stderr } = run;
  expect({ exitCode, stderr, lines: stdout.trim().split("\n") }).toEqual({ exitCode: 0, stderr: "", lines: said });
});

test("the example of the page for who writes a client lists what is away", async () => {
  const { url: QUEEN_URL } = await queens.open();
  for (const [id, status] of Object.entries({ "gpu-01": "online", "gpu-02": "offline", "gpu-03": "unknown" }))
    await postJson(`${QUEEN_URL}/v1/hives`, { id, host: "127.0.0.1", port: 8601, status });
  const program = await programOf(new URL("../../../../docs/api.md", import.meta.url));
  await using run = await runInside(APP, program, { env: { QUEEN_URL } });
  expect({ exitCode: run.exitCode, stdout: run.stdout }).toEqual({ exitCode: 0, stdout: "gpu-02\ngpu-03\n" });
});
