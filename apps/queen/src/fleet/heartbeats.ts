import type { Arrivals } from "../process/arrivals.ts";
import { isCatalogError } from "../process/errors.ts";
import { plainAddress } from "../reach/addresses.ts";
import type { Fleet } from "./fleet.ts";
import type { FleetParts } from "./parts.ts";
import type { Heartbeat } from "./workers/heartbeat.ts";

/** Any caller may beat under any id: the log is not theirs to fill. */
const MAX_TOLD = 1_000;

interface Parts extends Pick<FleetParts, "catalog" | "metrics" | "clock" | "log"> {
  fleet: Fleet;
  arrivals: Pick<Arrivals, "settled">;
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

/** Tells of hives that beat and that nobody added: each once in the log, until it was added and its beats are taken. */
class Strangers {
  readonly #log: FleetParts["log"];
  readonly #told = new Set<string>();

  constructor(log: FleetParts["log"]) {
    this.#log = log;
  }

  heard(hiveId: string, address: string): void {
    if (this.#told.has(hiveId) || this.#told.size >= MAX_TOLD) return;
    this.#told.add(hiveId);
    this.#log.warn(
      { hive_id: hiveId, address },
      "a hive beats that is not in the catalog: add it, correct the id that its agent has, or stop that agent",
    );
  }

  known(hiveId: string): void {
    this.#told.delete(hiveId);
  }
}
