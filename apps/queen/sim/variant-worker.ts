import { parentPort } from "node:worker_threads";
import { inventDay } from "./faults.ts";
import { dayOf } from "./fleets.ts";
import { Simulation } from "./simulation.ts";
import type { Task, WorkerMessage } from "./variants.ts";

const tell = (message: WorkerMessage) => parentPort?.postMessage(message);

parentPort?.on("message", ({ hives, hours, seed, fleet, settings, rules }: Task) => {
  const onProgress = (progress: number) => tell({ progress });
  const day = dayOf(fleet, inventDay(hives, hours, seed), seed);
  tell({ outcome: new Simulation({ hives, day, settings, rules, seed, onProgress }).run() });
});
