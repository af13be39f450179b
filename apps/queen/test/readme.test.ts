import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bundleOf } from "../../../scripts/build/cache.js";
import { postJson, queenProcesses } from "./queen-processes.ts";

const README = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
const HIVECTL = await bundleOf(fileURLToPath(new URL("../../hivectl/src/main.ts", import.meta.url)));
const queens = queenProcesses();

/** What the commands of a block say on stdout, as somebody types them who looks at this queen. */
function said(commands: string, url: string): string {
  const here = commands
    .replaceAll("localhost:8500", url)
    .replaceAll(/^curl /gm, "curl -sSf -w '\\n' ")
    .replaceAll(/^pnpm -s hivectl/gm, `${process.execPath} ${HIVECTL}`);
  const env = { PATH: process.env.PATH, QUEEN_URL: url };
  return execFileSync("bash", ["-euc", here], { encoding: "utf8", timeout: 30_000, env }).trim();
}

test("the commands of the README that look at a queen do what is said beside them", async () => {
  const url = await queens.start().origin();
  // As `pnpm start` leaves it.
  await postJson(`${url}/v1/hives`, { id: "localhost", host: "127.0.0.1", port: 8600, status: "online" });
  const [, commands = ""] = README.match(/Then look:\n\n```sh\n(.*?)```/s) ?? [];
  const lines = said(commands, url).split("\n");
  expect(lines[1]).toMatch(/^localhost +online /);
  expect(lines.filter((line) => line.startsWith("Status:"))).toEqual([expect.stringContaining("unknown")]);
  expect(lines.find((line) => line.startsWith("Cordon:"))).toContain("new fans");
  expect(lines.find((line) => line.startsWith("Fleet at "))).toContain("2 hives, 1 online, 0 offline, 1 unknown");
  expect(JSON.parse(lines.at(-1) ?? "")).toEqual(JSON.parse(commands.match(/counts +# (.*)/)?.[1] ?? "null"));
});

test("the commands of the README that find hives find what is said beside them", async () => {
  const url = await queens.start().origin();
  for (const id of ["localhost", "gpu-01"]) await postJson(`${url}/v1/hives`, { id, host: "127.0.0.1", port: 8600 });
  const [, commands = ""] = README.match(/### Find\n.*?```sh\n(.*?)```/s) ?? [];
  const text = said(commands, url);
  expect(text).toMatch(/^gpu-01$/m);
  expect(text).toMatch(/^env +1 .*prod/m);
  expect(text).toMatch(/^rack +1 .*r12/m);
});
