import { execFile } from "node:child_process";
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, onTestFinished, test } from "vitest";
import { HIVE } from "../programs.ts";
import { unusedPort } from "./port.ts";
import { isRunning } from "./processes.ts";

const run = promisify(execFile);

/** The agent alone in a folder from which nothing leads to a node_modules. */
async function unpack(settings: Record<string, unknown> = {}) {
  const folder = await temporaryFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  const agent = join(folder.path, "agent.mjs");
  await copyFile(HIVE, agent);
  const port = await unusedPort();
  const all = { HIVE_ID: "box", HIVE_PORT: port, HIVE_LOG_FILE: "hive.log", HIVE_PID_FILE: "hive.pid", ...settings };
  await writeFile(
    join(folder.path, "hive.env"),
    Object.entries(all)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
  // A HOME of its own, so that no systemd of this user is asked for a unit of that name.
  const env = { PATH: "/usr/bin:/bin", HOME: folder.path, HIVE_ID: "not-this-one" };
  const control = async (command: string) => {
    const { stdout } = await run(process.execPath, [agent, command], { env });
    return stdout.trim();
  };
  return { folder: folder.path, port, control };
}

test("runs where there is nothing but Node: starts in the background, tells its devices, logs to its file, stops", async () => {
  const { folder, port, control } = await unpack();
  expect(await control("status")).toBe("stopped");
  const started = await control("start");
  const pid = Number(/^started \(process (\d+)\)$/.exec(started)?.[1]);
  onTestFinished(() => control("stop").then(() => undefined));
  expect(await control("start")).toBe(`already running (process ${pid})`);
  const health = await fetch(`http://127.0.0.1:${port}/health`);
  expect(await health.json()).toEqual({ status: "ok", id: "box", started_at: expect.any(String) });
  const devices = await fetch(`http://127.0.0.1:${port}/v1/devices`);
  expect(await devices.json()).toMatchObject({ cpu: { cores: expect.any(Number) }, gpus: expect.any(Array) });
  expect(await control("stop")).toBe(`stopped (process ${pid})`);
  expect(isRunning(pid)).toBe(false);
  expect(await control("stop")).toBe("not running");
  const log = await readFile(join(folder, "hive.log"), "utf8");
  expect(log).toContain('"hive listening"');
  // The program that reads graphics cards is in the file as well.
  expect(log).not.toContain("systeminformation");
});

test("says why it cannot start", async () => {
  const { folder, control } = await unpack({ HIVE_BEAT_INTERVAL_MS: "soon" });
  await expect(control("start")).rejects.toThrow("--beat-interval-ms (HIVE_BEAT_INTERVAL_MS) must be");
  await rm(join(folder, "hive.env"));
  await expect(control("start")).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("hive.env is missing"),
  });
  await expect(control("dance")).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining("takes start, stop, status, service"),
  });
});

test("of two that are started at once one stays", async () => {
  const { control } = await unpack();
  const said = await Promise.all(
    [control("start"), control("start")].map((one) => one.catch((error) => String(error))),
  );
  onTestFinished(() => control("stop").then(() => undefined));
  const status = await control("status");
  const pid = /\(process (\d+)\)/.exec(status)?.[1];
  expect(pid).toBeDefined();
  expect(said.some((text) => text === `started (process ${pid})`)).toBe(true);
});
