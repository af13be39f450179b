import type { Arrivals } from "../process/arrivals.ts";
import { isCatalogError } from "../process/errors.ts";
import { plainAddress } from "../reach/addresses.ts";
import type { Fleet } from "./fleet.ts";
import type { FleetParts } from "./parts.ts";
import type { Heartbeat } from "./workers/heartbeat.ts";

/** Any caller may beat under any id: the log is not theirs to fill. So many are told of, and no more until that began so long ago. */
const MAX_TOLD = 1_000;
const TOLD_ANEW_AFTER_MS = 24 * 3_600_000;

interface Parts extends Pick<FleetParts, "catalog" | "metrics" | "clock" | "log"> {
  fleet: Fleet;
  arrivals: Pick<Arrivals, "settled">;
}

/** Takes heartbeats: first into the catalog, then into what is believed of the hive. */
export class HeartbeatReceiver {
  readonly #parts: Parts;
  /** Hives that nobody added, until they are and their beats are taken: the log tells of each once. */
  readonly #strangers = new Set<string>();
  /** Monotonic: when the first of them was told of. */
  #toldFromMs = 0;
  #waiting = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    parts.metrics.beatsWaiting.read = () => this.#waiting;
  }

  /**
   * Resolves once the beat is stored, to the time in milliseconds after which the next one is due. The time of a beat is the queen's own at receipt; what the hive says is kept as its skew.
   * Throws HiveCatalogError, HIVE_NOT_FOUND for a hive that nobody added.
   */
  async receive(heartbeat: Heartbeat, from: string): Promise<number> {
    const { catalog, fleet, metrics, clock, arrivals } = this.#parts;
    const { hiveId } = heartbeat;
    const heartbeatMs = clock.now();
    const beganAtMs = clock.monotonicNow();
    this.#waiting += 1;
    try {
      if (arrivals.settled) await arrivals.settled;
      await catalog.updateHeartbeat(hiveId, heartbeatMs);
      const nextBeatMs = await fleet.beat(heartbeat, from, heartbeatMs, clock.monotonicNow() - beganAtMs);
      metrics.beats.inc({ result: "stored" });
      this.#strangers.delete(hiveId);
      return nextBeatMs;
    } catch (error) {
      const isUnknown = isCatalogError(error, "HIVE_NOT_FOUND");
      metrics.beats.inc({ result: isUnknown ? "unknown_hive" : "failed" });
      if (isUnknown) {
        fleet.gone(hiveId);
        this.#tellOfStranger(hiveId, plainAddress(from));
      } else fleet.heard(heartbeat, heartbeatMs);
      throw error;
    } finally {
      this.#waiting -= 1;
    }
  }

  #tellOfStranger(hiveId: string, address: string): void {
    const nowMs = this.#parts.clock.monotonicNow();
    if (this.#strangers.size >= MAX_TOLD && nowMs - this.#toldFromMs >= TOLD_ANEW_AFTER_MS) this.#strangers.clear();
    if (this.#strangers.has(hiveId) || this.#strangers.size >= MAX_TOLD) return;
    if (this.#strangers.size === 0) this.#toldFromMs = nowMs;
    this.#strangers.add(hiveId);
    this.#parts.log.warn(
      { hive_id: hiveId, address },
      "a hive beats that is not in the catalog: add it, correct the id that its agent has, or stop that agent",
    );
  }
}
