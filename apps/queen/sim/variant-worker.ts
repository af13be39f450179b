import { parentPort, workerData } from "node:worker_threads";
import { inventDay } from "./faults.ts";
import { Simulation } from "./simulation.ts";
import type { Task, WorkerMessage } from "./variants.ts";

const { hives, hours, seed, settings, rules } = workerData as Task;
const tell = (message: WorkerMessage) => parentPort?.postMessage(message);
const day = inventDay(hives, hours, seed);
tell({
  outcome: new Simulation({ hives, day, settings, rules, seed, onProgress: (progress) => tell({ progress }) }).run(),
});
