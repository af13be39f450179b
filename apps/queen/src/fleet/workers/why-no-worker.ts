/** What keeps the hives that serve a model from work; of several reasons the first. */
export const OBSTACLES = ["offline", "cordoned", "on_probation", "without_idle_worker"] as const;
export type Obstacle = (typeof OBSTACLES)[number];

const MAX_MODELS_NAMED = 10;

interface ServingHive {
  readonly takesWorkFromMs: number;
  readonly cordonedUntilMs: number;
}

interface Now<Hive> {
  readonly nowMs: number;
  readonly wallNowMs: number;
  isLive(hive: Hive): boolean;
}

/** Why there is no worker to give work to. */
export interface WhyNoWorker {
  /** How many hives serve the model. */
  readonly serving: number;
  readonly hives: Readonly<Record<Obstacle, number>>;
  /** Some of those that there are, when no hive serves the one that was asked for. */
  readonly otherModels: readonly string[];
}

/** Each hive is looked at once, and its workers are not: a fleet whose workers are all busy is asked often. */
export function whyNoWorker<Hive extends ServingHive>(
  servings: Iterable<{ readonly hive: Hive }>,
  models: Iterable<string | null>,
  now: Now<Hive>,
): WhyNoWorker {
  const hives = { offline: 0, cordoned: 0, on_probation: 0, without_idle_worker: 0 };
  let serving = 0;
  for (const { hive } of servings) {
    serving += 1;
    hives[obstacleOf(hive, now)] += 1;
  }
  return { serving, hives, otherModels: serving === 0 ? someOf(models) : [] };
}

function obstacleOf<Hive extends ServingHive>(hive: Hive, { nowMs, wallNowMs, isLive }: Now<Hive>): Obstacle {
  if (hive.takesWorkFromMs === Number.POSITIVE_INFINITY || !isLive(hive)) return "offline";
  if (hive.cordonedUntilMs > wallNowMs) return "cordoned";
  return hive.takesWorkFromMs > nowMs ? "on_probation" : "without_idle_worker";
}

function someOf(models: Iterable<string | null>): string[] {
  const found: string[] = [];
  for (const model of models) {
    if (found.length === MAX_MODELS_NAMED) break;
    if (model !== null) found.push(model);
  }
  return found.toSorted();
}
