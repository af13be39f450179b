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

interface ServingHive {
  readonly id: string;
  /** Of its workers those that nobody is sent to. */
  readonly unreachable: ReadonlySet<unknown>;
  readonly takesWorkFromMs: number;
  readonly cordonedUntilMs: number;
}

interface Now<Hive> {
  readonly nowMs: number;
  readonly wallNowMs: number;
  isLive(hive: Hive): boolean;
}

interface ServedThere<Hive> {
  readonly hive: Hive;
  readonly workers: readonly Pick<Worker, "backend" | "state" | "healthStatus">[];
  /** Of these, those that may get work. */
  readonly bests: readonly { readonly worker: { readonly backend: string | null } }[];
}

type Asked = Pick<WorkQuery, "backend" | "minFreeVramBytes" | "isChosen">;

interface Places<Hive> {
  readonly servings: Iterable<ServedThere<Hive>>;
  /** Those that have the model on disk. */
  readonly onDisk: Iterable<Hive>;
  /** All models that are served. */
  readonly models: Iterable<string | null>;
}

/** Why there is no worker to give work to. */
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
export function whyNoWorker<Hive extends ServingHive>(
  { servings, onDisk, models }: Places<Hive>,
  asked: Asked,
  now: Now<Hive>,
): WhyNoWorker {
  const hives = {
    offline: 0,
    cordoned: 0,
    on_probation: 0,
    of_another_backend: 0,
    without_idle_worker: 0,
    out_of_reach: 0,
    without_memory: 0,
  };
  let serving = 0;
  for (const there of servings) {
    serving += 1;
    hives[obstacleOf(there.hive, now) ?? lackOf(there, asked)] += 1;
  }
  const wouldLoad = [...onDisk].filter((hive) => now.isLive(hive) && asked.isChosen?.(hive.id) !== false);
  return { serving, hives, onDisk: wouldLoad.length, otherModels: serving === 0 ? someOf(models) : [] };
}

function obstacleOf<Hive extends ServingHive>(hive: Hive, { nowMs, wallNowMs, isLive }: Now<Hive>) {
  if (hive.takesWorkFromMs === Number.POSITIVE_INFINITY || !isLive(hive)) return "offline";
  if (hive.cordonedUntilMs > wallNowMs) return "cordoned";
  return hive.takesWorkFromMs > nowMs ? "on_probation" : undefined;
}

/** What a hive that takes work has too little of, in the order of OBSTACLES: memory only where a worker may get work, and memory was asked for. */
function lackOf<Hive extends ServingHive>(there: ServedThere<Hive>, { backend, minFreeVramBytes }: Asked): Obstacle {
  const isAsked = (worker: { readonly backend: string | null }) => backend === undefined || worker.backend === backend;
  const { unreachable } = there.hive;
  const isLost = (worker: Pick<Worker, "state" | "healthStatus">) => unreachable.has(worker) && isIdle(worker);
  if (!there.workers.some(isAsked)) return "of_another_backend";
  if (!there.bests.some(({ worker }) => isAsked(worker))) {
    return there.workers.some((worker) => isAsked(worker) && isLost(worker)) ? "out_of_reach" : "without_idle_worker";
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
