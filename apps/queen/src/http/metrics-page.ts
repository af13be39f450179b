import { Readable } from "node:stream";
import type { HiveCatalog } from "@repo/hive-catalog";
import { HIVE_STATUSES } from "@repo/hive-catalog/record";
import { type Counter, collectDefaultMetrics, Gauge, type Registry } from "prom-client";
import type { Fleet } from "../fleet/fleet.ts";
import type { LiveHive } from "../fleet/workers/hive.ts";
import { WORKER_STATES, type WorkerState } from "../fleet/workers/worker.ts";
import type { Clock } from "../process/clock.ts";
import { inBatches } from "../process/turn.ts";
import { isDurable } from "../telling/durable.ts";
import type { Metrics } from "../telling/metrics.ts";
import { hiveSeries } from "./hive-series.ts";

/** A catalog that has not answered by then cannot be read, or takes no changes: whoever scrapes waits some seconds at most. */
const CATALOG_DEADLINE_MS = 2000;
/** How many hives are looked at before other work gets its turn. */
const HIVES_PER_TURN = 1000;

interface Parts {
  metrics: Metrics;
  catalog: HiveCatalog;
  clock: Clock;
  fleet: Fleet;
  /** Whether hives have series of their own. */
  metricsByHive: boolean;
}

/** Writes out, for Prometheus, what the queen has counted since her start and what is true now. From its first reading on it watches the process. */
export class MetricsPage {
  readonly #parts: Parts;
  readonly #registry: Registry;
  /** Each sets what it is for anew, for one page. */
  #readings: (() => Promise<void>)[] | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#registry = parts.metrics.registry;
  }

  /** `turn` resolves in a turn of the event loop for the next piece. */
  async text(turn: () => Promise<void>): Promise<string | Readable> {
    this.#readings ??= this.#begin();
    await Promise.all(this.#readings.map((read) => read()));
    const text = await this.#registry.metrics();
    const parts = this.#parts;
    if (!parts.metricsByHive) return text;
    return Readable.from(
      (async function* () {
        yield Buffer.from(text);
        yield* hiveSeries(parts, turn);
      })(),
    );
  }

  #begin(): (() => Promise<void>)[] {
    const readings = [this.#showCatalog(), this.#showWorkload()];
    collectDefaultMetrics({ register: this.#registry });
    addTimeSinceStart(this.#registry);
    // Begun anew at each reading, whoever reads, and only since the first: the queen has a histogram of her own.
    for (const { name } of this.#registry.getMetricsAsArray()) {
      if (name.startsWith("nodejs_eventloop_lag")) this.#registry.removeSingleMetric(name);
    }
    return readings;
  }

  #gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }

  #showCatalog(): () => Promise<void> {
    const { catalog } = this.#parts;
    const up = this.#gauge("queen_catalog_up", "1 when the catalog could be read for this page, 0 when it could not");
    const durable = this.#gauge(
      "queen_catalog_durable",
      "1 when a loss of power takes no answered change, 0 when it can; absent when the catalog does not say",
    );
    const writable = this.#gauge(
      "queen_catalog_writable",
      "1 when the catalog takes changes, 0 when each would be refused, beats too",
    );
    const hives = this.#gauge("queen_hives", "Hives in the catalog by status; absent when it could not be read", [
      "status",
    ]);
    const cordoned = this.#gauge(
      "queen_cordoned_hives",
      "Hives that get no new work because an operator said so; absent when it could not be read",
    );
    return async () => {
      const signal = AbortSignal.timeout(CATALOG_DEADLINE_MS);
      const isWritable = catalog.checkWritable({ signal }).then(
        () => 1,
        () => 0,
      );
      const [isSynced, counted] = await Promise.all([isDurable(catalog, { signal }), counts(catalog, signal)]);
      if (isSynced === undefined) durable.remove();
      else durable.set(isSynced ? 1 : 0);
      hives.reset();
      cordoned.remove();
      for (const { status, count } of counted?.hives ?? []) hives.set({ status }, count);
      if (counted !== undefined) cordoned.set(counted.cordoned);
      up.set(counted === undefined ? 0 : 1);
      writable.set(await isWritable);
    };
  }

  #showWorkload(): () => Promise<void> {
    const { registry } = this.#parts.fleet;
    const workers = this.#gauge("queen_workers", "Workers of live hives by state", ["state"]);
    const measured = this.#gauge("queen_gpus_measured", "GPUs of live hives whose memory is measured");
    const total = this.#gauge("queen_gpu_memory_total_bytes", "Memory of these GPUs");
    const used = this.#gauge("queen_gpu_memory_used_bytes", "What is used of it");
    return async () => {
      const { workersByState, gpus, totalBytes, usedBytes } = await sumUp(registry.workload());
      for (const state of WORKER_STATES) workers.set({ state }, workersByState[state]);
      measured.set(gpus);
      total.set(totalBytes);
      used.set(usedBytes);
    };
  }
}

/** What runs on live hives, and the GPUs there whose memory is measured. */
interface Sums {
  readonly workersByState: Record<WorkerState, number>;
  gpus: number;
  totalBytes: number;
  usedBytes: number;
}

/** Summed up before a series is set: to look one up for each worker and GPU held the event loop for 45 ms in place of 4, of 10,000 hives with 8 GPUs, as measured. */
async function sumUp(workload: Iterable<LiveHive>): Promise<Sums> {
  const workersByState = { Idle: 0, Busy: 0, Loading: 0, Error: 0, Shutdown: 0 };
  const sums: Sums = { workersByState, gpus: 0, totalBytes: 0, usedBytes: 0 };
  for await (const hives of inBatches(workload, HIVES_PER_TURN)) for (const hive of hives) add(hive, sums);
  return sums;
}

function add({ workers, reading }: LiveHive, sums: Sums): void {
  for (const { state } of workers) sums.workersByState[state] += 1;
  for (const { memoryTotalBytes, memoryUsedBytes } of reading?.gpus ?? []) {
    if (memoryTotalBytes === null || memoryUsedBytes === null) continue;
    sums.gpus += 1;
    sums.totalBytes += memoryTotalBytes;
    sums.usedBytes += memoryUsedBytes;
  }
}

/** Undefined when the catalog could not be read. */
async function counts(catalog: HiveCatalog, signal: AbortSignal) {
  try {
    const [cordons, ...hives] = await Promise.all([
      catalog.cordons.list({ onCorruptRecord: () => undefined, signal }),
      ...HIVE_STATUSES.map(async (status) => ({ status, count: await catalog.countByStatus(status, { signal }) })),
    ]);
    return { cordoned: cordons.length, hives };
  } catch {
    return undefined;
  }
}

/** The processor time that the process took before this page was made, which prom-client leaves out. */
function addTimeSinceStart(registry: Registry): void {
  const { user, system } = process.cpuUsage();
  const add = (name: string, us: number) => (registry.getSingleMetric(name) as Counter | undefined)?.inc(us / 1e6);
  add("process_cpu_user_seconds_total", user);
  add("process_cpu_system_seconds_total", system);
  add("process_cpu_seconds_total", user + system);
}
