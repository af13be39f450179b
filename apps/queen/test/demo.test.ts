import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { isRunning } from "@repo/processes";
import { QueenClient } from "@repo/queen-client";
import { expect, onTestFinished, test } from "vitest";
import { bundleOf } from "../../../scripts/build/cache.js";
import { unusedPort } from "./lifecycle/port.ts";
import { until } from "./until.ts";

const DEMO = await bundleOf(fileURLToPath(new URL("../../../scripts/demo.js", import.meta.url)));

test("it goes on where nobody reads what it says, and ends in order at signals that come again while its queen ends", async () => {
  await using folder = await temporaryFolder();
  const port = await unusedPort();
  const demo = spawn(process.execPath, [DEMO], {
    env: { PATH: process.env.PATH, TMPDIR: folder.path, QUEEN_PORT: String(port) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  onTestFinished(() => void demo.kill("SIGKILL"));
  const ended = new Promise((resolve) => demo.once("close", (code, signal) => resolve(code ?? signal)));
  demo.stderr.destroy();
  const queen = new QueenClient({ url: `http://127.0.0.1:${port}` });
  // The last that it does before it says where it is.
  await until("all is shown", () => hasOperations(queen).catch(() => false));
  await until("it has ended", () => !demo.kill("SIGINT"));
  expect(await ended).toBe(0);
  expect(readdirSync(folder.path)).toEqual([]);
});

test("the demo says how to ask its queen, its agents tell their devices, it has operations in all states, and Ctrl-C ends an agent that somebody started, too", async () => {
  await using folder = await temporaryFolder();
  const demo = spawn(process.execPath, [DEMO], {
    env: { PATH: process.env.PATH, TMPDIR: folder.path },
    stdio: ["ignore", "ignore", "pipe"],
  });
  onTestFinished(() => void demo.kill("SIGKILL"));
  const ended = new Promise((resolve) => demo.once("close", resolve));
  const queen = await queenOf(demo);
  const { devices } = await queen.getHive("gpu-01");
  expect(await queen.detectDevices("gpu-01")).toMatchObject(devices ?? {});
  await until("an operation is done, one goes on, and one has failed", () => hasOperations(queen));
  // Its own is one that any connection of this machine may have taken since.
  await queen.changeHive("gpu-06", { port: await unusedPort() });
  const { id } = await queen.startHive("gpu-06");
  const operation = await until("it has been started, or not", async () => {
    const seen = await queen.getOperation(id);
    return seen.state !== "running" && seen;
  });
  expect(operation).toMatchObject({ state: "succeeded", problem: null });
  const [home = ""] = readdirSync(folder.path);
  const noted = readFileSync(`${folder.path}/${home}/.hive/gpu-06/hive.pid`, "utf8");
  const [, pid, startTime = ""] = /^(\d+) (.+)\n$/.exec(noted) ?? [];
  const agent = { pid: Number(pid), startTime };
  onTestFinished(() => void (isRunning(agent) && process.kill(agent.pid, "SIGKILL")));
  expect(isRunning(agent)).toBe(true);
  demo.kill("SIGINT");
  expect(await ended).toBe(0);
  expect(isRunning(agent)).toBe(false);
  expect(readdirSync(folder.path)).toEqual([]);
});

/** As it says itself how to ask it. */
async function queenOf(demo: { readonly stderr: Readable }): Promise<QueenClient> {
  let said = "";
  demo.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  const url = await until(
    "it runs",
    () => /^demo: or ask with QUEEN_URL=(\S+) pnpm -s hivectl status$/m.exec(said)?.[1],
  );
  return new QueenClient({ url });
}

async function hasOperations(queen: QueenClient): Promise<boolean> {
  const { operations } = await queen.listOperations();
  const states = operations.map(({ state }) => state).sort();
  return states.join() === "failed,running,succeeded";
}

test("Ctrl-C ends it in order before its queen runs, too", () => {
  const asSoonAsItListensForIt = "process.on('newListener',(s)=>s==='SIGINT'&&process.kill(process.pid,s))";
  const { status, stderr } = spawnSync(process.execPath, [DEMO], {
    env: { PATH: process.env.PATH, NODE_OPTIONS: `--import=data:text/javascript,${asSoonAsItListensForIt}` },
    encoding: "utf8",
    timeout: 30_000,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});
