import { isCatalogError } from "../process/errors.ts";
import { plainAddress } from "../reach/addresses.ts";
import type { Fleet } from "./fleet.ts";
import type { FleetParts } from "./parts.ts";
import { Strangers } from "./strangers.ts";
import type { Heartbeat } from "./workers/heartbeat.ts";

interface Parts extends Pick<FleetParts, "catalog" | "metrics" | "clock" | "log"> {
  fleet: Fleet;
  /** Resolves when no further connection comes in; undefined while none does. */
  connectionsSettled: () => Promise<void> | undefined;
}

/** Takes heartbeats: first into the catalog, then into what is believed of the hive. */
export class HeartbeatReceiver {
  readonly #parts: Parts;
  readonly #strangers: Strangers;
  #waiting = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#strangers = new Strangers(parts.log);
    parts.metrics.beatsWaiting.read = () => this.#waiting;
  }

  /**
   * Resolves once the beat is stored, to the time in milliseconds after which the next one is due. The time of a beat is the queen's own at receipt; what the hive says is kept as its skew.
   * Throws HiveCatalogError, HIVE_NOT_FOUND for a hive that nobody added.
   */
  async receive(heartbeat: Heartbeat, from: string): Promise<number> {
    const { catalog, fleet, metrics, clock, connectionsSettled } = this.#parts;
    const { hiveId } = heartbeat;
    const heartbeatMs = clock.now();
    const beganAtMs = clock.monotonicNow();
    this.#waiting += 1;
    try {
      const settled = connectionsSettled();
      if (settled) await settled;
      await catalog.updateHeartbeat(hiveId, heartbeatMs);
      const nextBeatMs = await fleet.beat(heartbeat, from, heartbeatMs, clock.monotonicNow() - beganAtMs);
      metrics.beats.inc({ result: "stored" });
      this.#strangers.known(hiveId);
      return nextBeatMs;
    } catch (error) {
      const isUnknown = isCatalogError(error, "HIVE_NOT_FOUND");
      metrics.beats.inc({ result: isUnknown ? "unknown_hive" : "failed" });
      if (isUnknown) {
        fleet.gone(hiveId);
        this.#strangers.heard(hiveId, plainAddress(from));
      } else fleet.heard(heartbeat, heartbeatMs);
      throw error;
    } finally {
      this.#waiting -= 1;
    }
  }
}
