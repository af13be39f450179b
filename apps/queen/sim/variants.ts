import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { LivenessRules, LivenessSettings } from "../src/fleet/liveness/liveness.ts";
import type { FleetName } from "./fleets.ts";
import type { Outcome } from "./simulation.ts";

/** One queen to send through one day. */
export interface Task {
  readonly hives: number;
  readonly hours: number;
  readonly seed: number;
  readonly fleet: FleetName;
  readonly settings: LivenessSettings;
  readonly rules: LivenessRules;
}

export type WorkerMessage = { readonly progress: number } | { readonly outcome: Outcome };

export const ALL: LivenessRules = { corroboration: true, grace: true, guard: true };

/** The queen as she is, and beside her three that lack a rule each, so that one sees what it is worth. */
export const VARIANTS = [
  { name: "all rules", rules: ALL },
  { name: "without corroboration", rules: { ...ALL, corroboration: false } },
  { name: "without grace", rules: { ...ALL, grace: false } },
  { name: "without the guard", rules: { ...ALL, guard: false } },
] as const;

/** Runs the tasks, as many at once as there are processors; the outcomes are in the order of the tasks. */
export async function runAll(tasks: readonly Task[], onProgress: (share: number) => void): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const shares = tasks.map(() => 0);
  const waiting = tasks.entries();
  const workOff = async () => {
    const worker = new Worker(new URL("./variant-worker.ts", import.meta.url));
    for (const [position, task] of waiting) {
      outcomes[position] = await runIn(worker, task, (share) => {
        shares[position] = share;
        onProgress(shares.reduce((sum, done) => sum + done, 0) / tasks.length);
      });
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), tasks.length) }, workOff));
  return outcomes;
}

function runIn(worker: Worker, task: Task, onProgress: (share: number) => void): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: WorkerMessage) => {
      if ("progress" in message) {
        onProgress(message.progress);
        return;
      }
      worker.off("message", onMessage).off("error", reject);
      resolve(message.outcome);
    };
    worker.on("message", onMessage).on("error", reject).postMessage(task);
  });
}
