import { urlOf } from "./address.ts";
import type { Hive, Serving } from "./hive.ts";
import type { ModelsOnDisk } from "./models-on-disk.ts";
import type { KnownModel, PlacedWorker, WorkerFilter } from "./queries.ts";
import type { Worker } from "./worker.ts";

/** What is scanned for one batch, and found, at most: some hundreds of microseconds. */
const BATCH = { scanned: 1000, found: 250 };

/** What was found since other work had its turn. */
class Batch<Found> {
  readonly found: Found[] = [];
  scanned = 0;

  get isFull(): boolean {
    return this.scanned >= BATCH.scanned || this.found.length >= BATCH.found;
  }
}

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
  let batch = new Batch<PlacedWorker>();
  for (const hive of hives) {
    batch.scanned += 1;
    if (!isLive(hive)) continue;
    const workers = model === undefined ? hive.workers : hive.byModel?.get(model)?.workers;
    for (const worker of workers ?? []) {
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

/** The models that live hives serve or have on disk, counted in batches. */
export function* scanModels(
  byModel: ReadonlyMap<string | null, ReadonlySet<Serving>>,
  onDisk: ModelsOnDisk,
  isLive: IsLive,
  takesWork: (hive: Hive) => boolean,
): Generator<KnownModel[]> {
  let batch = new Batch<KnownModel>();
  for (const model of new Set([...byModel.keys(), ...onDisk.names()])) {
    if (model === null) continue;
    const known = { model, workers: { Idle: 0, Busy: 0, Loading: 0, Error: 0, Shutdown: 0 }, idleKept: 0, onDisk: 0 };
    let count = 0;
    // Snapshots: a hive that serves it anew meanwhile would come again.
    for (const { hive, workers } of [...(byModel.get(model) ?? [])]) {
      if (batch.isFull) {
        yield batch.found;
        batch = new Batch();
      }
      batch.scanned += 1 + workers.length;
      if (!isLive(hive)) continue;
      count += workers.length;
      for (const { state } of workers) known.workers[state] += 1;
      if (!takesWork(hive)) known.idleKept += workers.filter(({ state }) => state === "Idle").length;
    }
    for (const hive of [...onDisk.of(model)]) {
      if (batch.isFull) {
        yield batch.found;
        batch = new Batch();
      }
      batch.scanned += 1;
      if (isLive(hive)) known.onDisk += 1;
    }
    if (count + known.onDisk > 0) batch.found.push(known);
  }
  yield batch.found;
}
