import { pino } from "pino";
import { onTestFinished } from "vitest";
import { parseServers } from "../src/workers/configured.ts";
import { WorkerWatch, type WorkerWatchOptions } from "../src/workers/watch.ts";
import { type FakeProcess, fakeProc } from "./fake-proc.ts";
import { type Recorded, recorded, type StubServer } from "./stub-server.ts";

interface Options extends Partial<Omit<WorkerWatchOptions, "configured">> {
  readonly named?: string;
}

const NO_KEYS = new Map<string, string>();

/** Reads the servers of a host with these processes, as an agent does that was told no more than this. */
export function watch(processes: readonly FakeProcess[], { named = "", ...options }: Options = {}) {
  const { proc, write } = fakeProc(processes);
  const log: string[] = [];
  const configured = parseServers(named);
  if (typeof configured === "string") throw new Error(configured);
  const workers = new WorkerWatch({
    discover: true,
    configured,
    keys: () => NO_KEYS,
    timeoutMs: 1000,
    advertiseHost: "",
    log: pino({ base: null }, { write: (line: string) => void log.push(JSON.parse(line).msg) }),
    proc,
    gpus: () => undefined,
    ...options,
  });
  onTestFinished(() => workers.stop());
  const read = async () => {
    await workers.refresh();
    return workers.latest();
  };
  return { workers, read, write, log };
}

/** The health of llama.cpp, at the path that no other server has. */
export const HEALTH: Recorded = { ...recorded("llamacpp-health-ok"), request: "GET /v1/health" };
/** What a llama-server answers that has nothing to do. */
export const READY = ["llamacpp-props", "llamacpp-slots-idle"];
export const llama = ({ port }: StubServer, more: Partial<FakeProcess> = {}): FakeProcess => ({
  pid: 10,
  commandLine: `llama-server --port ${port}`,
  listens: [`127.0.0.1:${port}`],
  ...more,
});
