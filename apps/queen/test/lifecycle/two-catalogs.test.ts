import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, onTestFinished, test } from "vitest";
import { HIVE } from "../programs.ts";
import { HIVE_JSON, startTestQueen } from "../test-queen.ts";
import { operate } from "./operation.ts";
import { unusedPort } from "./port.ts";
import { processes } from "./processes.ts";

const ID = HIVE_JSON.id;

async function startSite() {
  const home = await temporaryFolder();
  const agents = () => processes().filter(({ args }) => args.includes(join(home.path, ".hive", ID, "agent.mjs")));
  onTestFinished(async () => {
    for (const { pid } of agents()) process.kill(pid, "SIGKILL");
    await home[Symbol.asyncDispose]();
  });
  /** A queen with a catalog of her own, who has a hive of that id. */
  const startQueen = async () => {
    const queen = await startTestQueen({
      agentFile: HIVE,
      lifecycle: {
        publicUrl: undefined,
        publicCa: undefined,
        ssh: { identity: undefined, knownHosts: undefined },
        programEnv: { PATH: process.env.PATH ?? "", HOME: home.path },
      },
    });
    onTestFinished(() => queen[Symbol.asyncDispose]());
    const url = await queen.app.listen({ host: "127.0.0.1", port: 0 });
    await queen.request("POST", "/v1/hives", { ...HIVE_JSON, port: await unusedPort() });
    return { url, operate: (kind: string) => operate(queen.request, kind, ID) };
  };
  return { startQueen, agents, settings: join(home.path, ".hive", ID, "hive.env") };
}

test("the agent of another queen is left alone, until somebody takes it over by hand", async () => {
  const { startQueen, agents, settings } = await startSite();
  const [first, second] = [await startQueen(), await startQueen()];
  expect(await first.operate("start")).toMatchObject({ state: "succeeded", problem: null });
  const [running, text] = [agents(), await readFile(settings, "utf8")];
  expect(running).toHaveLength(1);
  for (const kind of ["install", "start", "stop", "restart"]) {
    const { state, problem } = await second.operate(kind);
    expect(state).toBe("failed");
    expect(problem).toContain(
      `connect: the agent in ~/.hive/${ID} on this machine is that of the queen at "${first.url}"`,
    );
    expect(problem).toMatch(/ \[AGENT_OF_ANOTHER_QUEEN\]; next: have that queen stop it; .* hive\.env /);
  }
  expect(agents()).toEqual(running);
  expect(await readFile(settings, "utf8")).toBe(text);

  expect(await first.operate("stop")).toMatchObject({ state: "succeeded", problem: null });
  await rm(settings);
  expect(await second.operate("install")).toMatchObject({ state: "succeeded", problem: null });
  expect(await first.operate("stop")).toMatchObject({ state: "failed", problem: expect.stringContaining(second.url) });
  expect(await second.operate("stop")).toMatchObject({ state: "succeeded", problem: null });
}, 120_000);
