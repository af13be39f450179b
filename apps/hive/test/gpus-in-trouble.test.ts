import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { DeviceReportJson } from "@repo/device-types";
import { mountFreezableDisk } from "@repo/test-support/mount";
import { expect, onTestFinished, test } from "vitest";
import {
  eventually,
  fakeProgram,
  hangingScript,
  isRunning,
  newMarker,
  startAgent,
  startQueenDouble,
  temporaryFolder,
} from "../src/testing.ts";

const CORES = os.availableParallelism();
const TIMEOUT_MS = 1500;
const L4 = 'echo "0, NVIDIA L4, 23034"';

/** The real agent beside an nvidia-smi that can become another one. Nothing else about GPUs is on its PATH. */
async function agentBeside(script: string, others: string[] = []) {
  const path = temporaryFolder();
  const become = (script: string) => fakeProgram(path, "nvidia-smi", script);
  become(script);
  const flags = ["--port", "0", "--queen", "http://127.0.0.1:1", "--probe-timeout-ms", `${TIMEOUT_MS}`, ...others];
  const agent = startAgent(flags, { path });
  const url = await agent.url();
  const devices = async () => {
    const response = await fetch(`${url}/v1/devices`);
    expect(response.status).toBe(200);
    const { cpu, gpus, problems } = DeviceReportJson.parse(await response.json());
    expect(cpu?.cores).toBe(CORES);
    return { names: gpus?.map(({ name }) => name) ?? null, problems };
  };
  return { agent, path, become, devices };
}

/** Ids of the processes that run this file and hang inside the kernel. */
function stuckIn(file: string): string[] {
  const lines = execFileSync("ps", ["-e", "-o", "pid=,stat=,args="], { encoding: "utf8" }).split("\n");
  return lines
    .filter((line) => line.includes(file) && /^\s*\d+ D/.test(line))
    .map((line) => line.trim().split(" ")[0] ?? "");
}

test.each([
  ["hangs", (marker: string) => hangingScript(marker)],
  ["ignores SIGTERM", (marker: string) => `trap '' TERM; ${hangingScript(marker)}; ${hangingScript(marker)}`],
])("of an nvidia-smi that %s no process is left, and cores and memory are known", async (_what, script) => {
  const marker = newMarker();
  const { become, devices } = await agentBeside(script(marker));
  const problems = ["nvidia-smi did not end within 1.5 s"];
  expect(await devices()).toEqual({ names: null, problems });
  await eventually(() => (isRunning(marker) ? undefined : true), "the end of the hanging nvidia-smi");
  become(L4);
  await eventually(async () => ((await devices()).names === null ? undefined : true), "the GPU");
  expect(await devices()).toEqual({ names: ["NVIDIA L4"], problems: [] });
});

test("of an nvidia-smi that hangs inside the kernel there is one at most, until it can be ended", async () => {
  const disk = mountFreezableDisk(join(temporaryFolder(), "disk"));
  onTestFinished(() => disk[Symbol.dispose]());
  const { path, become, devices } = await agentBeside(L4);
  const program = join(path, "nvidia-smi");
  expect(await devices()).toEqual({ names: ["NVIDIA L4"], problems: [] });
  disk.freeze();
  become(`echo x >> "$0.runs"; echo > ${join(disk.path, "file")}`);
  for (let reading = 0; reading < 12; reading++) {
    expect(await devices()).toEqual({ names: ["NVIDIA L4"], problems: expect.any(Array) });
    expect(stuckIn(program).length).toBeLessThanOrEqual(1);
  }
  expect(readFileSync(`${program}.runs`, "utf8")).toBe("x\n");
  const [stuck] = stuckIn(program);
  const refused = `nvidia-smi is not started: an earlier one (process ${stuck}) was killed and does not end`;
  expect((await devices()).problems).toContain(refused);
  disk.thaw();
  become('echo "0, NVIDIA L40S, 46068"');
  await eventually(async () => ((await devices()).names?.[0] === "NVIDIA L40S" ? true : undefined), "the other GPU");
  expect(stuckIn(program)).toEqual([]);
});

test("beats go on while nvidia-smi hangs inside the kernel, without GPUs, and start no further one", async () => {
  const disk = mountFreezableDisk(join(temporaryFolder(), "disk"));
  onTestFinished(() => disk[Symbol.dispose]());
  const queen = await startQueenDouble();
  const beats = () => queen.beats as { gpus?: unknown; host?: { memory_used_bytes: number } }[];
  const { path, become } = await agentBeside(L4, ["--queen", queen.url, "--beat-interval-ms", "100"]);
  await eventually(() => beats().find(({ gpus }) => gpus !== undefined), "a beat with a GPU");
  disk.freeze();
  become(`echo x >> "$0.runs"; echo > ${join(disk.path, "file")}`);
  await eventually(() => (stuckIn(join(path, "nvidia-smi")).length > 0 ? true : undefined), "a program in state D");
  const without = () => beats().filter(({ gpus, host }) => gpus === undefined && host !== undefined);
  const before = without().length;
  await eventually(() => (without().length >= before + 20 ? true : undefined), "20 beats without GPUs");
  expect(stuckIn(join(path, "nvidia-smi"))).toHaveLength(1);
  expect(readFileSync(join(path, "nvidia-smi.runs"), "utf8")).toBe("x\n");
  disk.thaw();
  become(L4);
  await eventually(() => (beats().at(-1)?.gpus === undefined ? undefined : true), "a beat with a GPU again");
});

test("what fails at first is read once it works, and of eight that become seven the seven are told", async () => {
  const lines = Array.from({ length: 8 }, (_, index) => `echo "${index}, NVIDIA A100 ${index}, 81920"`);
  const failure = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.";
  const { become, devices } = await agentBeside(`echo "${failure}"; exit 9`);
  expect(await devices()).toEqual({ names: null, problems: [`nvidia-smi exited with 9: ${failure}`] });
  become(lines.join("\n"));
  const { names } = await devices();
  expect(names).toEqual(Array.from({ length: 8 }, (_, index) => `NVIDIA A100 ${index}`));
  const lost = "Unable to determine the device handle for GPU0000:4E:00.0: Unknown Error";
  become(`${lines.with(3, `echo "${lost}"`).join("\n")}\nexit 255`);
  expect(await devices()).toEqual({
    names: names?.filter((name) => !name.endsWith("3")),
    problems: [`nvidia-smi wrote: ${lost}`],
  });
});
