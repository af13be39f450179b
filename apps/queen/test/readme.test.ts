import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { postJson, queenProcesses } from "./queen-processes.ts";

const README = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
const queens = queenProcesses();

test("the commands of the README that look at a queen do what is said beside them", async () => {
  const url = await queens.start().origin();
  // As `pnpm start` leaves it.
  await postJson(`${url}/v1/hives`, { id: "localhost", host: "127.0.0.1", port: 8600, status: "online" });
  const [, commands = ""] = README.match(/Then look:\n\n```sh\n(.*?)```/s) ?? [];
  const here = commands.replaceAll("curl localhost:8500", `curl -sSf -w '\\n' ${url}`);
  const answers = execFileSync("bash", ["-euc", here], { encoding: "utf8", timeout: 30_000 }).trim().split("\n");
  const said = commands.match(/counts +# (.*)/)?.[1];
  expect(answers.map((answer) => JSON.parse(answer))).toEqual([
    { hives: [expect.objectContaining({ id: "localhost", status: "online" })], next_after: null, damaged: [] },
    expect.objectContaining({ id: "gpu-01", status: "unknown" }),
    expect.objectContaining({ status: "ok", next_beat_ms: expect.any(Number) }),
    expect.objectContaining({ hive_id: "gpu-01", reason: "new fans" }),
    { hive_id: "gpu-01", lifted: true },
    JSON.parse(said ?? "null"),
  ]);
});

test("the commands of the README that find hives find what is said beside them", async () => {
  const url = await queens.start().origin();
  for (const id of ["localhost", "gpu-01"]) await postJson(`${url}/v1/hives`, { id, host: "127.0.0.1", port: 8600 });
  const [, commands = ""] = README.match(/### Find\n.*?```sh\n(.*?)```/s) ?? [];
  const here = commands.replaceAll("localhost:8500", url).replaceAll(/^curl /gm, "curl -sSf -w '\\n' ");
  const answers = execFileSync("bash", ["-euc", here], { encoding: "utf8", timeout: 30_000 }).trim().split("\n");
  const labels = { env: "prod", rack: "r12" };
  expect(answers.map((answer) => JSON.parse(answer))).toMatchObject([
    { id: "gpu-01", labels },
    { cpu: { cores: 64 } },
    { hives: [{ id: "gpu-01", labels }], next_after: null },
    { labels: [{ key: "env", count: 1, values: [{ value: "prod", count: 1 }] }, { key: "rack" }] },
  ]);
});
