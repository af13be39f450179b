import { ProgramTurns } from "@repo/processes";
import { expect, onTestFinished, test, vi } from "vitest";
import { fakeProgram, temporaryFolder } from "../testing.ts";
import { NvidiaSmi } from "./nvidia-smi.ts";

test("after a run that hung, nvidia-smi is left alone for 1 reading, then 2, 4 … 32, until one answers", async () => {
  const path = temporaryFolder();
  vi.stubEnv("PATH", path);
  onTestFinished(() => void vi.unstubAllEnvs());
  fakeProgram(path, "nvidia-smi", "exec /bin/sleep 600");
  const turns = new ProgramTurns();
  const run = vi.spyOn(turns, "run");
  const options = { turns, timeoutMs: 100, signal: new AbortController().signal };
  const nvidiaSmi = new NvidiaSmi(options);
  const ranAt: number[] = [];
  for (let reading = 1; reading <= 70; reading++) {
    const { gpus, problems } = await nvidiaSmi.readGpus();
    expect({ gpus, problems }).toEqual({ gpus: null, problems: ["nvidia-smi did not end within 0.1 s"] });
    if (run.mock.calls.length > ranAt.length) ranAt.push(reading);
  }
  expect(ranAt).toEqual([1, 3, 6, 11, 20, 37, 70]);
  expect(await nvidiaSmi.readProcesses()).toBeUndefined();
  expect(run).toHaveBeenCalledTimes(ranAt.length);
  options.timeoutMs = 20_000;
  fakeProgram(path, "nvidia-smi", 'echo "0, NVIDIA L4, 23034"');
  for (let reading = 0; reading < 32; reading++) expect((await nvidiaSmi.readGpus()).gpus).toBeNull();
  expect((await nvidiaSmi.readGpus()).gpus).toHaveLength(1);
  options.timeoutMs = 100;
  fakeProgram(path, "nvidia-smi", "exec /bin/sleep 600");
  run.mockClear();
  for (let reading = 0; reading < 3; reading++) await nvidiaSmi.readGpus();
  expect(run).toHaveBeenCalledTimes(2);
});
