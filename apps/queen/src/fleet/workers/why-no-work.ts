import { isReachable } from "./address.ts";
import { freeSlotsOf, isHealthy } from "./load.ts";
import type { Worker } from "./worker.ts";

/** Why none of the workers of a hive at `host` could be given work, in words; undefined where one could, as far as they said themselves. Without `workers` its beats do not arrive. */
export function whyNoWork(workers: readonly Worker[] | undefined, host: string): string | undefined {
  if (workers === undefined) return "this queen hears no heartbeat of it, and knows no worker there";
  if (workers.length === 0) return "no worker runs there";
  const counts = new Map<string, number>();
  for (const worker of workers) {
    const obstacle = obstacleOf(worker, host);
    if (obstacle === undefined) return undefined;
    counts.set(obstacle, (counts.get(obstacle) ?? 0) + 1);
  }
  const list = Array.from(counts, ([obstacle, count]) => `${count} ${obstacle}`).join(", ");
  return `none of its workers can be given work: ${list}`;
}

function obstacleOf(worker: Worker, host: string): string | undefined {
  if (worker.state === "Error") return "in error";
  if (worker.state === "Shutdown") return "shutting down";
  if (worker.state !== "Idle") return worker.state.toLowerCase();
  if (!isHealthy(worker)) return "not healthy";
  if (!isReachable(worker, host)) return "not to be reached from elsewhere";
  return (freeSlotsOf(worker) ?? 1) > 0 ? undefined : "without a free slot";
}
