import { urlOf } from "./address.ts";
import type { Hive, Serving } from "./hive.ts";
import type { KnownModel, PlacedWorker, WorkerFilter } from "./queries.ts";
import type { Worker, WorkerState } from "./worker.ts";

/** What is scanned for one batch, and found, at most: some hundreds of microseconds. */
const BATCH = { scanned: 1000, found: 250 };

/**
 * What was found since other work had its turn. The scans count positions: in a generator, what iterates makes an object for each thing that is
 * scanned, several times of what is found.
 */
class Batch<Found> {
  readonly found: Found[] = [];
  scanned = 0;

  get isFull(): boolean {
    return this.scanned >= BATCH.scanned || this.found.length >= BATCH.found;
  }
}

const NO_WORKERS: readonly Worker[] = [];

type IsLive = (hive: Hive) => boolean;

export const place = ({ id, host }: Hive, worker: Worker): PlacedWorker => {
  return { hiveId: id, worker, url: urlOf(worker, host) };
};

/** The workers of the live ones of `hives` that match `filter`, in batches. Other work may go on in between: each hive is scanned as it is then. */
export function* scanWorkers(
  hives: readonly Hive[],
  { model, state, backend }: WorkerFilter,
  isLive: IsLive,
): Generator<PlacedWorker[]> {
  const workersOf = ({ workers, byModel }: Hive) =>
    model === undefined ? workers : (byModel?.get(model)?.workers ?? NO_WORKERS);
  let batch = new Batch<PlacedWorker>();
  for (let hiveAt = 0; hiveAt < hives.length; hiveAt++) {
    const hive = hives[hiveAt] as Hive;
    batch.scanned += 1;
    const workers = isLive(hive) ? workersOf(hive) : NO_WORKERS;
    for (let workerAt = 0; workerAt < workers.length; workerAt++) {
      const worker = workers[workerAt] as Worker;
      if (batch.isFull) {
        yield batch.found;
        batch = new Batch();
      }
      batch.scanned += 1;
      if (state?.includes(worker.state) === false) continue;
      if (backend === undefined || worker.backend === backend) batch.found.push(place(hive, worker));
    }
  }
  yield batch.found;
}

/** Who serves a model, and who has it on disk. */
interface Knowing {
  readonly model: string;
  readonly servings: Iterable<Serving>;
  readonly onDisk: Iterable<Hive>;
}

/** The models that live hives serve or have on disk, counted in batches. */
export function* scanModels(
  models: Iterable<Knowing>,
  isLive: IsLive,
  takesWork: (hive: Hive) => boolean,
): Generator<KnownModel[]> {
  let batch = new Batch<KnownModel>();
  for (const { model, servings, onDisk } of models) {
    const known = { model, workers: { Idle: 0, Busy: 0, Loading: 0, Error: 0, Shutdown: 0 }, idleKept: 0, onDisk: 0 };
    let count = 0;
    // Snapshots: a hive that serves it anew meanwhile would come again.
    const all = [...servings];
    for (let at = 0; at < all.length; at++) {
      const { hive, workers } = all[at] as Serving;
      if (batch.isFull) {
        yield batch.found;
        batch = new Batch();
      }
      batch.scanned += 1 + workers.length;
      if (!isLive(hive)) continue;
      count += workers.length;
      countStates(workers, known.workers);
      if (!takesWork(hive)) known.idleKept += workers.filter(({ state }) => state === "Idle").length;
    }
    const having = [...onDisk];
    for (let at = 0; at < having.length; at++) {
      if (batch.isFull) {
        yield batch.found;
        batch = new Batch();
      }
      batch.scanned += 1;
      if (isLive(having[at] as Hive)) known.onDisk += 1;
    }
    if (count + known.onDisk > 0) batch.found.push(known);
  }
  yield batch.found;
}

function countStates(workers: readonly Worker[], counts: Record<WorkerState, number>): void {
  for (const { state } of workers) counts[state] += 1;
}
