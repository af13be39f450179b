import type { Cordon, DamagedRecord, NewCordon } from "@repo/hive-catalog";
import { hiveNotFound } from "../process/errors.ts";
import { inBatches } from "../process/turn.ts";
import type { HiveTurns } from "./hive-turns.ts";
import type { FleetParts } from "./parts.ts";
import type { HiveRegistry } from "./workers/registry.ts";

interface Parts extends Pick<FleetParts, "catalog" | "events" | "clock" | "log"> {
  registry: HiveRegistry;
  turns: HiveTurns;
}

/** How many changes are told of before other work gets its turn. */
const TOLD_PER_TURN = 100;

/**
 * The cordons in force, in memory, so that the best worker is found without a query. Another queen's are learned of in each health round.
 * A cordoned hive is watched as ever and gets no new work; so is one whose cordon is damaged.
 */
export class Cordons {
  readonly #parts: Parts;
  #byHive = new Map<string, Cordon>();
  #loading: Promise<void> | undefined;
  /** What is damaged of the cordons that were read last, so that each is logged once. */
  #damaged: ReadonlyMap<string, DamagedRecord> = new Map();
  /** Counts the changes of this queen's own, which a reading that began before must not undo. */
  #ownChanges = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Resolves when the cordons are known. Rejects with HiveCatalogError; then the next call tries again. */
  ready(): Promise<void> {
    this.#loading ??= this.#read({ announces: false }).catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  /** Reads them anew, and tells which came and went. */
  async refresh(): Promise<void> {
    if (this.#loading === undefined) return this.ready();
    await this.#read({ announces: true });
  }

  get(hiveId: string): Cordon | undefined {
    return this.untilMs(hiveId) > this.#parts.clock.now() ? this.#byHive.get(hiveId) : undefined;
  }

  get ownChanges(): number {
    return this.#ownChanges;
  }

  /** How many are in force. */
  get count(): number {
    return [...this.#byHive.keys()].filter((hiveId) => this.get(hiveId) !== undefined).length;
  }

  /** When the cordon of that hive ends, by the wall clock: Infinity for one without end, 0 where there is none. */
  untilMs(hiveId: string): number {
    const cordon = this.#byHive.get(hiveId);
    return cordon ? (cordon.untilMs ?? Number.POSITIVE_INFINITY) : 0;
  }

  /** Rejects with HIVE_NOT_FOUND or INVALID_ARGUMENT. */
  async set(hiveId: string, cordon: NewCordon): Promise<Cordon> {
    await this.ready();
    const { catalog, registry, turns, log } = this.#parts;
    const stored = await turns.take(hiveId, async () => {
      const stored = await catalog.cordons.set(hiveId, cordon);
      this.#ownChanges += 1;
      this.#byHive.set(hiveId, stored);
      registry.reconsider(hiveId);
      this.#announce(stored);
      return stored;
    });
    log.info({ hive_id: hiveId, reason: stored.reason, until_ms: stored.untilMs }, "hive cordoned");
    return stored;
  }

  /** Resolves to whether there was one. Rejects with HIVE_NOT_FOUND. */
  async lift(hiveId: string): Promise<boolean> {
    await this.ready();
    const { catalog, turns, log } = this.#parts;
    const lifted = await turns.take(hiveId, async () => {
      const lifted = await catalog.cordons.lift(hiveId);
      const was = this.#drop(hiveId);
      if (was !== undefined) this.#announceEnd(was);
      return lifted;
    });
    if (!lifted && !(await catalog.hiveExists(hiveId))) throw hiveNotFound(hiveId);
    if (lifted) log.info({ hive_id: hiveId }, "hive uncordoned");
    return lifted;
  }

  /** Tells of those that have come to their end since the last call. */
  async endDue(): Promise<void> {
    for await (const hiveIds of inBatches(this.#byHive.keys(), TOLD_PER_TURN)) {
      for (const hiveId of hiveIds) {
        const was = this.get(hiveId) === undefined ? this.#drop(hiveId) : undefined;
        if (was !== undefined) this.#announceEnd(was);
      }
    }
  }

  /** The hive was removed, and its cordon with it. */
  forget(hiveId: string): void {
    // Strangers that beat must not have a reading begin anew for ever.
    if (this.#byHive.has(hiveId)) this.#drop(hiveId);
  }

  /** Returns what it was. */
  #drop(hiveId: string): Cordon | undefined {
    this.#ownChanges += 1;
    const was = this.#byHive.get(hiveId);
    this.#byHive.delete(hiveId);
    if (was !== undefined) this.#parts.registry.reconsider(hiveId);
    return was;
  }

  async #read({ announces }: { announces: boolean }): Promise<void> {
    const before = this.#byHive;
    this.#logDamage(await this.#takeOver());
    const changed = [...new Set([...before.keys(), ...this.#byHive.keys()])]
      .map((hiveId) => ({ hiveId, was: before.get(hiveId), is: this.#byHive.get(hiveId) }))
      .filter(({ was, is }) => isOther(was, is));
    for await (const batch of inBatches(changed, TOLD_PER_TURN)) {
      for (const { hiveId, was, is } of batch) {
        this.#parts.registry.reconsider(hiveId);
        if (announces && is !== undefined) this.#announce(is);
        else if (announces && was !== undefined) this.#announceEnd(was);
      }
    }
  }

  /** Reads them again for as long as this queen changes one meanwhile. Resolves to what is damaged. */
  async #takeOver(): Promise<readonly DamagedRecord[]> {
    for (;;) {
      const changes = this.#ownChanges;
      const damaged: DamagedRecord[] = [];
      const onCorruptRecord = (damage: DamagedRecord) => void damaged.push(damage);
      const cordons = await this.#parts.catalog.cordons.list({ onCorruptRecord });
      if (changes !== this.#ownChanges) continue;
      this.#byHive = new Map(cordons.map((cordon) => [cordon.hiveId, cordon]));
      return damaged;
    }
  }

  #logDamage(damaged: readonly DamagedRecord[]): void {
    const logged = this.#damaged;
    this.#damaged = new Map(damaged.map((damage) => [`${damage.id} ${damage.column}`, damage]));
    for (const [key, { id, column, problem }] of this.#damaged) {
      if (logged.has(key)) continue;
      const text = "a stored cordon is damaged: cordon its hive anew, or uncordon it";
      this.#parts.log.warn({ hive_id: id, column, problem }, text);
    }
  }

  #announce({ hiveId: hive_id, reason, untilMs: until_ms }: Cordon): void {
    this.#parts.events.publish("cordon", { hive_id, cordoned: true, reason, until_ms });
  }

  /** Of one that was lifted there is nothing more to say. */
  #announceEnd({ hiveId: hive_id, reason, untilMs }: Cordon): void {
    const hasRunOut = untilMs !== null && untilMs <= this.#parts.clock.now();
    const why = hasRunOut ? { reason, until_ms: untilMs } : { reason: null, until_ms: null };
    this.#parts.events.publish("cordon", { hive_id, cordoned: false, ...why });
  }
}

const isOther = (one: Cordon | undefined, other: Cordon | undefined): boolean =>
  one?.createdAtMs !== other?.createdAtMs || one?.reason !== other?.reason || one?.untilMs !== other?.untilMs;
