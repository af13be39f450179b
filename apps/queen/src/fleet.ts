import type { HiveRecord, HiveStatus } from "@repo/hive-catalog";
import type { Clock } from "./clock.ts";
import type { Evidence, ProbeOutcome } from "./liveness.ts";
import type { HiveAddress } from "./probe.ts";

/** What the queen remembers of a hive between two reads of the catalog. */
export interface Sight {
  readonly id: string;
  /** As it was last read or written; undefined while that is not sure. */
  status: HiveStatus | undefined;
  /** Monotonic time of the queen's own last change of `status`: what was read before it is out of date. */
  statusChangedAtMs: number;
  /** `lastHeartbeatMs` of the record as it was last read or written; undefined when it never was. */
  heartbeatMs: number | null | undefined;
  /** Monotonic time of the last beat, whichever queen took it; undefined when there was none. */
  beatAtMs: number | undefined;
  probe: ProbeOutcome;
  /** Where that probe went. */
  address: string;
  /** Whether to ask for devices when the hive next shows a sign of life. */
  detectionDue: boolean;
  /** Why the devices could not be had the last time, so that it is logged once. */
  detectionProblem: string | undefined;
  /** The record cannot be read, so its status is left alone. */
  damaged: boolean;
  /** The last round in which the hive was there. */
  round: number;
}

const addressOf = ({ host, port }: HiveAddress): string => `${host} ${port}`;

/** The memory that the heartbeat handler, the routes and the health loop share: nobody has to read the catalog on each beat. */
export class Fleet {
  readonly #sights = new Map<string, Sight>();
  readonly #clock: Clock;
  readonly #startedAtMs: number;
  #round = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAtMs = clock.monotonicNow();
  }

  get(id: string): Sight | undefined {
    return this.#sights.get(id);
  }

  sights(): Iterable<Sight> {
    return this.#sights.values();
  }

  isOnline(id: string): boolean {
    return this.#sights.get(id)?.status === "online";
  }

  forget(id: string): void {
    this.#sights.delete(id);
  }

  /** Takes over what the catalog says. `readAtMs` is the monotonic time just before it was read. */
  learn(record: HiveRecord, readAtMs: number): Sight {
    const sight = this.#see(record.id);
    sight.damaged = false;
    if (sight.statusChangedAtMs <= readAtMs) sight.status = record.status;
    this.#learnBeat(sight, record.lastHeartbeatMs, readAtMs);
    sight.detectionDue = record.devices === null;
    const address = addressOf(record);
    if (sight.address !== address) sight.probe = "pending";
    sight.address = address;
    return sight;
  }

  /** Notes that the devices of a hive are in the catalog now. */
  learnDevices(id: string): void {
    const sight = this.#sights.get(id);
    if (sight === undefined) return;
    sight.detectionDue = false;
    sight.detectionProblem = undefined;
  }

  /** Notes a hive whose record cannot be read. */
  learnDamaged(id: string): Sight {
    const sight = this.#see(id);
    sight.damaged = true;
    return sight;
  }

  /** Notes a beat that this queen took and stored as `heartbeatMs`. */
  beat(id: string, heartbeatMs: number): Sight {
    const sight = this.#see(id);
    sight.heartbeatMs = heartbeatMs;
    sight.beatAtMs = this.#clock.monotonicNow();
    return sight;
  }

  /** Notes what a probe of `hive` showed; false when the hive has moved to another address meanwhile. */
  probed(sight: Sight, hive: HiveAddress, outcome: ProbeOutcome): boolean {
    if (sight.address !== addressOf(hive)) return false;
    sight.probe = outcome;
    return true;
  }

  setStatus(sight: Sight, status: HiveStatus | undefined): void {
    sight.status = status;
    sight.statusChangedAtMs = this.#clock.monotonicNow();
  }

  evidence({ beatAtMs, probe }: Sight, status: HiveStatus): Evidence {
    const nowMs = this.#clock.monotonicNow();
    return {
      status,
      probe,
      beatAgeMs: beatAtMs === undefined ? undefined : nowMs - beatAtMs,
      listeningMs: nowMs - this.#startedAtMs,
    };
  }

  beginRound(): void {
    this.#round += 1;
  }

  /** Ends a round that read the whole catalog: forgets the hives that were not in it, and returns their ids. */
  endRound(): string[] {
    const gone = [...this.#sights.values()].filter(({ round }) => round < this.#round).map(({ id }) => id);
    for (const id of gone) this.forget(id);
    return gone;
  }

  #see(id: string): Sight {
    let sight = this.#sights.get(id);
    if (sight === undefined) {
      sight = {
        id,
        status: undefined,
        statusChangedAtMs: Number.NEGATIVE_INFINITY,
        heartbeatMs: undefined,
        beatAtMs: undefined,
        probe: "pending",
        address: "",
        detectionDue: false,
        detectionProblem: undefined,
        damaged: false,
        round: this.#round,
      };
      this.#sights.set(id, sight);
    }
    sight.round = this.#round;
    return sight;
  }

  /** A beat that changed in the catalog was taken by another queen. Only at the first sight is its age a matter of wall clocks. */
  #learnBeat(sight: Sight, heartbeatMs: number | null, readAtMs: number): void {
    if (heartbeatMs === sight.heartbeatMs) return;
    const outdated = sight.beatAtMs !== undefined && sight.beatAtMs > readAtMs;
    if (outdated) return;
    const firstSight = sight.heartbeatMs === undefined;
    sight.heartbeatMs = heartbeatMs;
    const ageMs = firstSight ? Math.max(0, this.#clock.now() - (heartbeatMs ?? 0)) : 0;
    sight.beatAtMs = heartbeatMs === null ? undefined : this.#clock.monotonicNow() - ageMs;
  }
}
