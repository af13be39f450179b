import { type Candidate, type Demand, type Hive, measuredPercent, type Serving } from "./hive.ts";
import type { Worker } from "./worker.ts";

/** In the middle: nothing known is neither better nor worse than what is measured. */
const UNKNOWN_PERCENT = 50;
const FULL_PERCENT = 100;
/** Of a worker that says what runs and not how many may: as many as vLLM takes by default on most GPUs. */
const USUAL_SLOTS = 256;
const NOBODY: readonly Candidate[] = [];

/** Of each backend the least loaded of the workers of a hive that have room. Each heartbeat passes here: an array that is begun empty gets room for 17. */
function bestsOf({ hive, workers }: Serving): readonly Candidate[] {
  let bests: Candidate[] | undefined;
  for (const worker of workers) {
    if (!isIdle(worker) || hive.unreachable.has(worker) || !hasRoom(hive, worker)) continue;
    const candidate = candidateOf(hive, worker);
    if (bests === undefined) bests = [candidate];
    else keepBest(bests, candidate);
  }
  return bests ?? NOBODY;
}

function keepBest(bests: Candidate[], candidate: Candidate): void {
  const position = bests.findIndex(({ worker }) => worker.backend === candidate.worker.backend);
  if (position === -1) bests.push(candidate);
  else if (isLessLoaded(candidate, bests[position])) bests[position] = candidate;
}

/** Finds out anew which of them are the least loaded: none of a hive that takes no work for as long as nobody says otherwise. */
export function rankServing(serving: Serving): void {
  const { takesWorkFromMs, cordonedUntilMs } = serving.hive;
  serving.bests = Math.max(takesWorkFromMs, cordonedUntilMs) === Number.POSITIVE_INFINITY ? NOBODY : bestsOf(serving);
  serving.leastLoad = Number.POSITIVE_INFINITY;
  for (const { load } of serving.bests) serving.leastLoad = Math.min(serving.leastLoad, load);
}

/** The same for what a hive has of a model. */
export function rank({ byModel }: Hive, model: string | null): void {
  const serving = byModel?.get(model);
  if (serving) rankServing(serving);
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
    if (!isIdle(worker) || hive.unreachable.has(worker) || !isFit(hive, worker)) continue;
    const candidate = candidateOf(hive, worker);
    if (isLessLoaded(candidate, best)) best = candidate;
  }
  return best;
}

export const isIdle = (worker: Pick<Worker, "state" | "healthStatus">): boolean =>
  worker.state === "Idle" && isHealthy(worker);
export const isHealthy = ({ healthStatus }: Pick<Worker, "healthStatus">): boolean =>
  healthStatus.toLowerCase() === "healthy";

function candidateOf(hive: Hive, worker: Worker): Candidate {
  const gpuPercent = worker.gpuPercent ?? measuredPercent(hive, worker) ?? UNKNOWN_PERCENT;
  const load = loadOf(worker, given(demandOf(hive, worker)), gpuPercent);
  return { hive, worker, load, gpuPercent, cpuPercent: worker.cpuPercent ?? UNKNOWN_PERCENT };
}

/**
 * How much of a worker is taken; 1 is all of it. Where it says what runs, the share of its slots that runs or was handed out: a GPU is near to full with one request
 * as with a hundred. Else the GPU tells what runs, as it was measured, and what was handed out since comes on top, each piece a slot: all of a worker that does not
 * say how many it has.
 */
function loadOf({ running, slots }: Worker, handedOut: number, gpuPercent: number): number {
  if (running !== null) return (running + handedOut) / (slots ?? USUAL_SLOTS);
  return Math.min(gpuPercent, FULL_PERCENT) / FULL_PERCENT + handedOut / (slots ?? 1);
}

/**
 * How much of the workers of a hive is taken, from 0 to 1, as they said themselves: of one that has slots the share that runs, of another all or nothing. null
 * where there are none but those that shut down.
 */
export function loadOfAll(workers: readonly Worker[]): number | null {
  let [sum, count] = [0, 0];
  for (const { state, running, slots } of workers) {
    if (state === "Shutdown") continue;
    count += 1;
    const isKnown = running !== null && slots !== null && state !== "Loading" && state !== "Error";
    sum += isKnown ? Math.min(1, running / slots) : state === "Idle" ? 0 : 1;
  }
  return count === 0 ? null : sum / count;
}

/** Whether it can take one more piece of work, as far as is known; a claim on one whose free slots are not known is on all of it. */
export function hasRoom(hive: Hive, worker: Worker): boolean {
  const demand = demandOf(hive, worker);
  const free = freeSlotsOf(worker);
  if (free !== null) return given(demand) < free;
  return (demand?.claims.size ?? 0) === 0 && given(demand) < (worker.slots ?? Number.POSITIVE_INFINITY);
}

/** The same, sure enough for a promise: one whose free slots are not known is promised as long as it was given nothing. */
export const canBeClaimed = (hive: Hive, worker: Worker): boolean =>
  freeSlotsOf(worker) === null ? given(demandOf(hive, worker)) === 0 : hasRoom(hive, worker);

/** Of what it said itself; null where it did not. */
export const freeSlotsOf = ({ running, slots }: Worker): number | null =>
  running === null || slots === null ? null : slots - running;
const demandOf = ({ demands }: Hive, { workerId }: Worker): Demand | undefined => demands?.get(workerId);
const given = (demand: Demand | undefined): number =>
  demand === undefined ? 0 : demand.handOuts.count + demand.claims.size;

/** Whether `a` is less loaded than `b`: its load first, then GPU, then CPU, then its busy neighbours; ids decide between equals. */
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
