import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { QueenClient } from "@repo/queen-client";
import { expect, test } from "vitest";
import { FILE, hivectl } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
/** The first words of the rows of its table. */
const VERBS = [...README.matchAll(/^\| `([a-z-]+(?: [a-z-]+)?)/gm)].map(([, verb]) => verb ?? "");
const helpOf = async (verb: string) => (await hivectl([...verb.split(" ").filter((word) => word), "--help"])).stdout;
const queen = queenForAll();

test("the commands of the README do what is said beside them", async () => {
  const client = new QueenClient({ url: queen.url });
  const gpus = [{ index: 0, name: "NVIDIA H100 80GB HBM3", vram_gb: 80 }];
  await client.addHive({ id: "gpu-01", host: "h", port: 1, labels: { rack: "r12" }, devices: { cpu: null, gpus } });
  await client.addHive({ id: "gpu-02", host: "h", port: 1, status: "offline" });
  const [, commands = ""] = README.match(/```sh\n(.*?)```/s) ?? [];
  // The last one never ends by itself.
  const ending = commands.replace(/^.* -w .*\n/m, "").replaceAll(/^pnpm -s hivectl/gm, `${process.execPath} ${FILE}`);
  const options = { timeout: 60_000, env: { PATH: process.env.PATH, QUEEN_URL: queen.url } };
  const { stdout: said } = await promisify(execFile)("bash", ["-euc", ending], options);
  expect(said).toMatch(/^Fleet at .*: 2 hives, /);
  expect(said).toMatch(/^ID +STATUS .*\ngpu-01 .*\ngpu-02\nId: +gpu-01$/m);
});

test("the README has every exit code that --help has, and every common flag that it names is one", async () => {
  const { stdout } = await hivectl(["--help"]);
  const [, codes = ""] = stdout.match(/^Exit codes: (.*?)\.$/ms) ?? [];
  const listed = [...README.matchAll(/^\| (\d+) /gm)].map(([, code]) => code);
  expect(listed).toEqual(codes.split(/,\s+/).map((code) => code.split(" ", 1)[0]));
  const flags = [...README.matchAll(/`(--[a-z-]+)/g)].map(([, flag]) => flag ?? "");
  const help = (await Promise.all(VERBS.map(helpOf))).join("");
  expect(flags.filter((flag) => !help.includes(`${flag} `))).toEqual([]);
});

test("the README has every verb, and each has help with an example", async () => {
  for (const verb of VERBS) expect(await helpOf(verb), verb).toMatch(verb === "version" ? /^Usage/ : /^Examples?\b/m);
  const groups = ["", "get", "describe", "token"];
  const listed = await Promise.all(
    groups.map(async (group) => {
      const [, commands = ""] = (await helpOf(group)).match(/^Commands:\n((?: .*\n)+)/m) ?? [];
      return [...commands.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name]) => `${group} ${name}`.trim());
    }),
  );
  const known = new Set([...VERBS, ...VERBS.map((verb) => verb.split(" ", 1)[0])]);
  expect(listed.flat().filter((verb) => !known.has(verb))).toEqual([]);
});
