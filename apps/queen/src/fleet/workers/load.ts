import { isReachable } from "./address.ts";
import { type Candidate, type Demand, type Hive, measuredPercent, type Serving } from "./hive.ts";
import type { Worker } from "./worker.ts";

/** In the middle: nothing known is neither better nor worse than what is measured. */
const UNKNOWN_PERCENT = 50;

/** Of each backend the least loaded of the workers of a hive that have room. */
export function bestsOf({ hive, workers }: Serving): Candidate[] {
  const bests: Candidate[] = [];
  for (const worker of workers) {
    if (!isIdle(worker) || !isReachable(worker, hive.host) || !hasRoom(hive, worker)) continue;
    const candidate = candidateOf(hive, worker);
    const position = bests.findIndex((best) => best.worker.backend === worker.backend);
    if (position === -1) bests.push(candidate);
    else if (isLessLoaded(candidate, bests[position])) bests[position] = candidate;
  }
  return bests;
}

/** The least loaded of them of that backend; of any, where none is given. */
export function leastOf(bests: readonly Candidate[], backend: string | undefined): Candidate | undefined {
  let least: Candidate | undefined;
  for (const best of bests) {
    if ((backend === undefined || best.worker.backend === backend) && isLessLoaded(best, least)) least = best;
  }
  return least;
}

/** The least loaded of the workers of a hive that may get work and are fit for it. */
export function bestOf(
  { hive, workers }: Serving,
  isFit: (hive: Hive, worker: Worker) => boolean,
): Candidate | undefined {
  let best: Candidate | undefined;
  for (const worker of workers) {
    if (!isIdle(worker) || !isReachable(worker, hive.host) || !isFit(hive, worker)) continue;
    const candidate = candidateOf(hive, worker);
    if (isLessLoaded(candidate, best)) best = candidate;
  }
  return best;
}

const isIdle = ({ state, healthStatus }: Worker): boolean =>
  state === "Idle" && healthStatus.toLowerCase() === "healthy";

/** A worker that does not say how many slots it has counts as one with a single slot that is never full. */
function candidateOf(hive: Hive, worker: Worker): Candidate {
  return {
    hive,
    worker,
    load: ((worker.running ?? 0) + given(demandOf(hive, worker))) / (worker.slots ?? 1),
    gpuPercent: worker.gpuPercent ?? measuredPercent(hive, worker) ?? UNKNOWN_PERCENT,
    cpuPercent: worker.cpuPercent ?? UNKNOWN_PERCENT,
  };
}

/** Whether it can take one more piece of work, as far as is known; a claim on one that does not say its slots is on all of it. */
export function hasRoom(hive: Hive, worker: Worker): boolean {
  const demand = demandOf(hive, worker);
  if (worker.slots === null) return demand === undefined || demand.claims.size === 0;
  return (worker.running ?? 0) + given(demand) < worker.slots;
}

/** The same, sure enough for a promise: one that does not say its slots is promised as long as it was given nothing. */
export const canBeClaimed = (hive: Hive, worker: Worker): boolean =>
  worker.slots === null ? given(demandOf(hive, worker)) === 0 : hasRoom(hive, worker);

const demandOf = ({ demands }: Hive, { workerId }: Worker): Demand | undefined => demands?.get(workerId);
const given = (demand: Demand | undefined): number =>
  demand === undefined ? 0 : demand.handOuts.count + demand.claims.size;

/** Whether `a` is less loaded than `b`: slots first, then GPU, then CPU, then its busy neighbours; ids decide between equals. */
export function isLessLoaded(a: Candidate, b: Candidate | undefined): boolean {
  if (b === undefined) return true;
  const difference =
    a.load - b.load ||
    a.gpuPercent - b.gpuPercent ||
    a.cpuPercent - b.cpuPercent ||
    a.hive.busyWorkers - b.hive.busyWorkers;
  if (difference !== 0) return difference < 0;
  if (a.worker.workerId !== b.worker.workerId) return a.worker.workerId < b.worker.workerId;
  return a.hive.id < b.hive.id;
}
