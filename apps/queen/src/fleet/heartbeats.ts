import { type HiveCatalog, HiveCatalogError } from "@repo/hive-catalog";
import type { Clock } from "../process/clock.ts";
import type { Metrics } from "../telling/metrics.ts";
import type { DeviceDetection } from "./devices.ts";
import type { Liveness } from "./liveness/liveness.ts";
import type { StatusKeeper } from "./statuses.ts";
import type { HiveRegistry } from "./workers/registry.ts";
import type { Worker } from "./workers/worker.ts";

/** What a hive says in a heartbeat. */
export interface Heartbeat {
  readonly hiveId: string;
  /** By the clock of the hive. */
  readonly timestampMs: number;
  readonly workers: readonly Worker[];
}

interface Parts {
  catalog: HiveCatalog;
  registry: HiveRegistry;
  liveness: Liveness;
  statuses: StatusKeeper;
  detection: DeviceDetection;
  metrics: Metrics;
  clock: Clock;
  /** Resolves when no further connection comes in; undefined while none does. */
  connectionsSettled: () => Promise<void> | undefined;
}

/** Takes heartbeats: first the catalog, then the registry, then the status of the hive where it differs. */
export class HeartbeatReceiver {
  readonly #parts: Parts;
  #waiting = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    parts.metrics.beatsWaiting.read = () => this.#waiting;
  }

  /**
   * Resolves once the beat is stored, to the time in milliseconds after which the next one is due. The time of a beat is the queen's own at receipt; what the hive says is kept as its skew.
   * Throws HiveCatalogError, HIVE_NOT_FOUND for a hive that nobody added.
   */
  async receive({ hiveId, timestampMs, workers }: Heartbeat): Promise<number> {
    const { catalog, registry, liveness, statuses, detection, metrics, clock, connectionsSettled } = this.#parts;
    const receivedAtMs = clock.now();
    const beganAtMs = clock.monotonicNow();
    this.#waiting += 1;
    try {
      const settled = connectionsSettled();
      if (settled) await settled;
      await catalog.updateHeartbeat(hiveId, receivedAtMs);
      registry.update(hiveId, workers, timestampMs - receivedAtMs);
      const storedAtMs = clock.monotonicNow();
      const sight = liveness.beat(hiveId, receivedAtMs, storedAtMs, storedAtMs - beganAtMs);
      if (sight.status !== "online") await statuses.settle(sight);
      if (detection.isDue(hiveId) && sight.probe !== "refused") detection.startDetecting(hiveId);
      metrics.beats.add("stored");
      return liveness.nextBeatMs(sight, storedAtMs);
    } catch (error) {
      const isUnknown = error instanceof HiveCatalogError && error.code === "HIVE_NOT_FOUND";
      metrics.beats.add(isUnknown ? "unknown_hive" : "failed");
      if (isUnknown) {
        if (liveness.sights.get(hiveId) !== undefined) statuses.announceRemoved(hiveId);
        registry.remove(hiveId);
        liveness.sights.forget(hiveId);
        detection.forget(hiveId);
      } else liveness.heard(hiveId, clock.monotonicNow());
      throw error;
    } finally {
      this.#waiting -= 1;
    }
  }
}
