import { parentPort } from "node:worker_threads";
import { inventDay } from "./faults.ts";
import { Simulation } from "./simulation.ts";
import type { Task, WorkerMessage } from "./variants.ts";

const tell = (message: WorkerMessage) => parentPort?.postMessage(message);

parentPort?.on("message", ({ hives, hours, seed, settings, rules }: Task) => {
  const onProgress = (progress: number) => tell({ progress });
  const day = inventDay(hives, hours, seed);
  tell({ outcome: new Simulation({ hives, day, settings, rules, seed, onProgress }).run() });
});
