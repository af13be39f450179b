import { onTestFinished, vi } from "vitest";
import { processOf, type readerOf, startStub } from "./stub-server.ts";

export const RUNNER = processOf("/usr/lib/ollama/llama-server --model /blobs/sha256-1 --port 40001");

export async function runnerWith(slots: string, process = RUNNER) {
  return { process, stub: await startStub(slots) };
}

/** Date stands still at a time before the recorded model was to be unloaded; the tests move it. */
export function clockAt(time: string): (ms: number) => void {
  vi.useFakeTimers({ now: Date.parse(time), toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  return (ms) => void vi.setSystemTime(Date.now() + ms);
}

export const statesOf = async (read: ReturnType<typeof readerOf>) =>
  (await read()).readings.map(({ model, state }) => `${model} ${state}`);
