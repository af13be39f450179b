import type { HiveCatalog, HiveStatus } from "@repo/hive-catalog";
import { HIVE_STATUSES } from "@repo/hive-catalog/record";
import { type Counter, collectDefaultMetrics, Gauge, type Registry } from "prom-client";
import type { Clock } from "../process/clock.ts";
import { isDurable } from "./durability.ts";
import type { Metrics } from "./metrics.ts";
import { type HiveWorkload, showWorkload, showWorkloadOfEach } from "./workload-metrics.ts";

/** A catalog whose lock somebody holds for longer takes no changes. */
const LOCK_DEADLINE_MS = 2000;

interface Parts {
  metrics: Metrics;
  catalog: HiveCatalog;
  clock: Clock;
  /** Those of which to write series of their own; undefined when none are to be written. */
  hives: (() => Iterable<HiveSeen>) | undefined;
  /** What runs on the live ones, and in which states that can be. */
  workload: () => Iterable<HiveWorkload>;
  workerStates: readonly string[];
}

/** What the page tells of a single hive. */
interface HiveSeen {
  readonly id: string;
  readonly status: HiveStatus | undefined;
  /** Monotonic. */
  readonly beatAtMs: number | undefined;
}

/** Writes out, for Prometheus, what the queen has counted since her start and what is true now. */
export class MetricsPage {
  readonly contentType: string;
  readonly #registry: Registry;
  readonly #readCatalog: () => Promise<void>;

  constructor({ metrics: { registry }, catalog, clock, hives, workload, workerStates }: Parts) {
    this.contentType = registry.contentType;
    this.#registry = registry;
    this.#readCatalog = showCatalog(catalog, [registry]);
    showWorkload(workload, workerStates, registry);
    if (hives !== undefined) {
      showEachHive(hives, clock, [registry]);
      showWorkloadOfEach(workload, registry);
    }
    collectDefaultMetrics({ register: registry });
    addTimeSinceStart(registry);
    // Begun anew at each reading, whoever reads, and only since the first: the queen has a histogram of her own.
    for (const { name } of registry.getMetricsAsArray()) {
      if (name.startsWith("nodejs_eventloop_lag")) registry.removeSingleMetric(name);
    }
  }

  async text(): Promise<string> {
    await this.#readCatalog();
    return this.#registry.metrics();
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

/** Returns what brings these up to date. */
function showCatalog(catalog: HiveCatalog, registers: Registry[]): () => Promise<void> {
  const up = new Gauge({
    name: "queen_catalog_up",
    help: "1 when the catalog could be read for this page, 0 when it could not",
    registers,
  });
  const durable = new Gauge({
    name: "queen_catalog_durable",
    help: "1 when a loss of power takes no answered change, 0 when it can; absent when the catalog does not say",
    registers,
  });
  const writable = new Gauge({
    name: "queen_catalog_writable",
    help: "1 when the catalog takes changes, 0 when each would be refused, beats too",
    registers,
  });
  const hives = new Gauge({
    name: "queen_hives",
    help: "Hives in the catalog by status; absent when it could not be read",
    labelNames: ["status"],
    registers,
  });
  const cordoned = new Gauge({
    name: "queen_cordoned_hives",
    help: "Hives that get no new work because an operator said so; absent when it could not be read",
    registers,
  });
  return async () => {
    const isSynced = await isDurable(catalog);
    if (isSynced === undefined) durable.remove();
    else durable.set(isSynced ? 1 : 0);
    const signal = AbortSignal.timeout(LOCK_DEADLINE_MS);
    const isWritable = catalog.checkWritable({ signal }).then(
      () => 1,
      () => 0,
    );
    writable.set(await isWritable);
    try {
      const counts = await Promise.all(HIVE_STATUSES.map((status) => catalog.countByStatus(status)));
      const cordons = await catalog.cordons.list({ onCorruptRecord: () => undefined });
      for (const [position, status] of HIVE_STATUSES.entries()) hives.set({ status }, counts[position] ?? 0);
      cordoned.set(cordons.length);
      up.set(1);
    } catch {
      hives.reset();
      cordoned.remove();
      up.set(0);
    }
  };
}

function showEachHive(hives: () => Iterable<HiveSeen>, clock: Clock, registers: Registry[]): void {
  new Gauge({
    name: "queen_hive_online",
    help: "1 for a hive that is online, 0 for one that is not",
    labelNames: ["hive_id"],
    registers,
    collect() {
      this.reset();
      for (const { id, status } of hives()) this.set({ hive_id: id }, status === "online" ? 1 : 0);
    },
  });
  new Gauge({
    name: "queen_hive_heartbeat_age_seconds",
    help: "Age of the last heartbeat of a hive; absent before the first",
    labelNames: ["hive_id"],
    registers,
    collect() {
      this.reset();
      const nowMs = clock.monotonicNow();
      for (const { id, beatAtMs } of hives()) {
        if (beatAtMs !== undefined) this.set({ hive_id: id }, (nowMs - beatAtMs) / 1000);
      }
    },
  });
}
