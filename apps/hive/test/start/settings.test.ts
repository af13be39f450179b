import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { bundleOf } from "../../../../scripts/build/cache.js";
import { temporaryFolder } from "../../src/testing.ts";
import { pathOf, START, startFleet } from "./fleet.ts";

const QUEEN = await bundleOf(pathOf("apps/queen/src/main.ts"));
const HIVE = await bundleOf(pathOf("apps/hive/src/agent.ts"));
const run = (script: string, ...args: string[]) =>
  spawnSync(process.execPath, [script, ...args], {
    encoding: "utf8",
    timeout: 30_000,
    env: { PATH: process.env.PATH },
  });

test("--help says every setting, and starts nothing", () => {
  const help = run(START, "--help");
  const queen = run(QUEEN, "--help").stdout.match(/--[a-z-]+(?= <)/g) ?? [];
  const hive = run(HIVE, "--help").stdout.match(/HIVE_[A-Z_]+/g) ?? [];
  const variables = [
    ...queen.map((flag) => `QUEEN_${flag.slice(2).toUpperCase().replaceAll("-", "_")}`),
    ...hive.filter((name) => name !== "HIVE_QUEEN"),
    "QUEEN_DATABASE_AUTH_TOKEN",
  ];
  expect(variables.length).toBeGreaterThan(12);
  expect(help.status).toBe(0);
  expect(help.stderr).toBe("");
  expect(variables.filter((name) => !help.stdout.includes(name))).toEqual([]);
});

test.each([["--port"], ["stop", "now"]])("the arguments %s %s are refused with exit code 2", (...args) => {
  expect(run(START, ...args)).toMatchObject({
    status: 2,
    stdout: "",
    stderr: expect.stringMatching(/^start: unknown (option '--port'|argument 'stop'); --help shows what there is\n$/),
  });
});

test("a port that is taken is the queen's sentence, no hive is started, and the exit code is not 0", async () => {
  const taken = createServer((_request, response) => response.end("{}"));
  onTestFinished(() => void taken.close());
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as AddressInfo;
  const fleet = startFleet(temporaryFolder(), { QUEEN_PORT: String(port) });
  expect(await fleet.ended).toBe(1);
  expect(fleet.stderr()).toMatch(new RegExp(`port ${port} \\S+ 127\\.0\\.0\\.1 is taken`));
  expect(fleet.stderr()).toContain("choose another port with QUEEN_PORT\n");
  expect(fleet.messages()).not.toContain("hive listening");
});

test("where the hive cannot use its settings, nothing is started, with what arrived and exit code 2", async () => {
  const unusable = { HIVE_BEAT_INTERVAL_MS: "soon", HIVE_ID: "my desk", HIVE_PORT: "abc" };
  const fleet = startFleet(temporaryFolder(), unusable);
  expect(await fleet.ended).toBe(2);
  const problems = fleet.stderr().trimEnd().split("\n").toSorted();
  const expected = Object.entries(unusable).map(([name, value]) =>
    expect.stringMatching(new RegExp(`^start: the hive's --[a-z-]+ \\(${name}\\) .*"${value}"$`)),
  );
  expect(problems).toEqual(expected);
  expect(fleet.messages()).toEqual([]);
});
