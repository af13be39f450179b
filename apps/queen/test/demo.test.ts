import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { QueenClient } from "@repo/queen-client";
import { expect, onTestFinished, test } from "vitest";
import { bundleOf } from "../../../scripts/build/cache.js";
import { until } from "./until.ts";

const DEMO = await bundleOf(fileURLToPath(new URL("../../../scripts/demo.js", import.meta.url)));

test("the demo says how to ask its queen, its agents tell their devices, and it has operations in all states", async () => {
  const demo = spawn(process.execPath, [DEMO], {
    env: { PATH: process.env.PATH },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise((resolve) => demo.once("close", resolve));
  onTestFinished(async () => {
    demo.kill("SIGTERM");
    await ended;
  });
  let said = "";
  demo.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  const url = await until(
    "it runs",
    () => /^demo: or ask with QUEEN_URL=(\S+) pnpm -s hivectl status$/m.exec(said)?.[1],
  );
  const queen = new QueenClient({ url });
  const { devices } = await queen.getHive("gpu-01");
  expect(await queen.detectDevices("gpu-01")).toMatchObject(devices ?? {});
  await until("an operation is done, one goes on, and one has failed", async () => {
    const { operations } = await queen.listOperations();
    const states = operations.map(({ state }) => state).sort();
    return states.join() === "failed,running,succeeded";
  });
});

test("Ctrl-C ends it in order before its queen runs, too", () => {
  const asSoonAsItListensForIt = "process.on('newListener',(s)=>s==='SIGINT'&&process.kill(process.pid,s))";
  const { status, stderr } = spawnSync(process.execPath, [DEMO], {
    env: { PATH: process.env.PATH, NODE_OPTIONS: `--import=data:text/javascript,${asSoonAsItListensForIt}` },
    encoding: "utf8",
    timeout: 30_000,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});
