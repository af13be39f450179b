import type { Hive, Serving } from "./hive.ts";
import { isIdle } from "./load.ts";
import type { WorkQuery } from "./queries.ts";
import type { Worker } from "./worker.ts";

/** What keeps the hives that serve a model from work; of several reasons the first. */
export const OBSTACLES = [
  "offline",
  "cordoned",
  "on_probation",
  "of_another_backend",
  "without_idle_worker",
  "out_of_reach",
  "without_memory",
] as const;
export type Obstacle = (typeof OBSTACLES)[number];

const MAX_MODELS_NAMED = 10;

interface Now {
  readonly nowMs: number;
  readonly wallNowMs: number;
  isLive(hive: Hive): boolean;
}

type Asked = Pick<WorkQuery, "backend" | "minFreeVramBytes" | "isChosen">;

interface Supply {
  readonly servings: Iterable<Serving>;
  /** Those that have the model on disk. */
  readonly onDisk: Iterable<Hive>;
  /** All models that are served. */
  readonly models: Iterable<string | null>;
}

export interface WhyNoWorker {
  /** How many hives serve the model. */
  readonly serving: number;
  readonly hives: Readonly<Record<Obstacle, number>>;
  /** How many live ones have it on disk, chosen ones alone. */
  readonly onDisk: number;
  /** Some of those that there are, when no hive serves the one that was asked for. */
  readonly otherModels: readonly string[];
}

/** Each hive is looked at once, and its workers for their backend alone: a fleet whose workers are all busy is asked often. */
export function whyNoWorker({ servings, onDisk, models }: Supply, asked: Asked, now: Now): WhyNoWorker {
  const hives = Object.fromEntries(OBSTACLES.map((obstacle) => [obstacle, 0])) as Record<Obstacle, number>;
  let serving = 0;
  for (const there of servings) {
    serving += 1;
    hives[obstacleOf(there.hive, now) ?? lackOf(there, asked)] += 1;
  }
  const wouldLoad = [...onDisk].filter((hive) => now.isLive(hive) && asked.isChosen?.(hive.id) !== false);
  return { serving, hives, onDisk: wouldLoad.length, otherModels: serving === 0 ? someOf(models) : [] };
}

function obstacleOf(hive: Hive, { nowMs, wallNowMs, isLive }: Now): Obstacle | undefined {
  if (hive.takesWorkFromMs === Number.POSITIVE_INFINITY || !isLive(hive)) return "offline";
  if (hive.cordonedUntilMs > wallNowMs) return "cordoned";
  return hive.takesWorkFromMs > nowMs ? "on_probation" : undefined;
}

/** What a hive that takes work has too little of, in the order of OBSTACLES: memory only where a worker may get work, and memory was asked for. */
function lackOf({ hive, workers, bests }: Serving, { backend, minFreeVramBytes }: Asked): Obstacle {
  const isAsked = (worker: Worker) => backend === undefined || worker.backend === backend;
  if (!workers.some(isAsked)) return "of_another_backend";
  if (!bests.some(({ worker }) => isAsked(worker))) {
    const isLost = (worker: Worker) => isAsked(worker) && hive.unreachable.has(worker) && isIdle(worker);
    return workers.some(isLost) ? "out_of_reach" : "without_idle_worker";
  }
  return minFreeVramBytes === undefined ? "without_idle_worker" : "without_memory";
}

function someOf(models: Iterable<string | null>): string[] {
  const found: string[] = [];
  for (const model of models) {
    if (found.length === MAX_MODELS_NAMED) break;
    if (model !== null) found.push(model);
  }
  return found.toSorted();
}
