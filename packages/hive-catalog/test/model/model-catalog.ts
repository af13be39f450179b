import type { HiveRecord, HiveStatus, NewHive } from "../../src/model/hive.ts";
import { type Call, IDS, invoke, type Outcome, Refusal } from "./calls.ts";
import { ModelCordons, ModelHostKeys, ModelOperations, ModelTokens } from "./model-tables.ts";

const MAX_AHEAD_MS = 60_000;
const STATUSES = ["unknown", "online", "offline"];

type Page = { after?: string; limit?: number };

const lacksDevices = ({ devices }: HiveRecord): boolean => devices === null || devices.gpus === null;

/** What a catalog must do, in the plainest way: maps in memory. It trusts its callers with everything that the tests do not get wrong. */
export class ModelCatalog {
  readonly hives: Map<string, HiveRecord>;
  readonly cordons: ModelCordons;
  readonly tokens: ModelTokens;
  readonly operations: ModelOperations;
  readonly hostKeys: ModelHostKeys;
  nowMs: number;

  /** A new one at a time, or a copy. */
  constructor(from: ModelCatalog | { nowMs: number }) {
    const before = from instanceof ModelCatalog ? from : undefined;
    this.nowMs = from.nowMs;
    this.hives = new Map(before?.hives);
    this.cordons = new ModelCordons(this, before?.cordons.records);
    this.tokens = new ModelTokens(this, before?.tokens.records);
    this.operations = new ModelOperations(this, before?.operations.records);
    this.hostKeys = new ModelHostKeys(this, before?.hostKeys.records);
  }

  call(call: Call): Outcome {
    try {
      return { value: invoke(this, call) ?? null };
    } catch (error) {
      if (error instanceof Refusal) return { code: error.code };
      throw error;
    }
  }

  addHive(hive: NewHive): HiveRecord {
    if (!IDS.test(hive.id)) throw new Refusal("INVALID_HIVE");
    checkSsh(hive);
    if (this.hives.has(hive.id)) throw new Refusal("HIVE_ALREADY_EXISTS");
    const absent = { sshHost: null, sshPort: null, sshUser: null, lastHeartbeatMs: null, devices: null };
    const times = { createdAtMs: this.nowMs, updatedAtMs: this.nowMs };
    return this.#store({
      ...absent,
      ...times,
      ...(hive as Omit<HiveRecord, "status">),
      status: hive.status ?? "unknown",
    });
  }

  getHive(id: string): HiveRecord | undefined {
    return this.hives.get(id);
  }

  hiveExists(id: string): boolean {
    return this.hives.has(id);
  }

  updateHive(hive: HiveRecord): HiveRecord {
    checkSsh(hive);
    const before = this.#existing(hive.id);
    const lastHeartbeatMs = this.#later(before.lastHeartbeatMs, hive.lastHeartbeatMs);
    return this.#store({ ...hive, lastHeartbeatMs, createdAtMs: before.createdAtMs, updatedAtMs: this.nowMs });
  }

  patchHive(id: string, changes: Partial<HiveRecord>): HiveRecord {
    const after = { ...this.#existing(id), ...changes, updatedAtMs: this.nowMs };
    checkSsh(after);
    return this.#store(after);
  }

  updateHiveStatus(id: string, status: HiveStatus): void {
    if (!STATUSES.includes(status)) throw new Refusal("INVALID_HIVE");
    this.#store({ ...this.#existing(id), status, updatedAtMs: this.nowMs });
  }

  markOffline(id: string, notBeatSinceMs: number): boolean {
    const hive = this.hives.get(id);
    if (hive === undefined || hive.status === "offline") return false;
    const beat = hive.lastHeartbeatMs;
    if (beat !== null && beat >= notBeatSinceMs && beat <= this.nowMs + MAX_AHEAD_MS) return false;
    this.#store({ ...hive, status: "offline", updatedAtMs: this.nowMs });
    return true;
  }

  updateHeartbeat(id: string, timestampMs: number): void {
    const hive = this.#existing(id);
    this.#store({ ...hive, lastHeartbeatMs: this.#later(hive.lastHeartbeatMs, timestampMs) });
  }

  /** Beats of one hive in one group count as the one that would be stored if there had been none before. */
  beats(...beats: [id: string, timestampMs: number][]): Outcome[] {
    const latest = new Map<string, number | null>();
    for (const [id, timestampMs] of beats) latest.set(id, this.#later(latest.get(id) ?? null, timestampMs));
    return beats.map(([id]) => this.call({ method: "updateHeartbeat", args: [id, latest.get(id)] }));
  }

  updateDevices(id: string, devices: HiveRecord["devices"]): void {
    this.#store({ ...this.#existing(id), devices, updatedAtMs: this.nowMs });
  }

  removeHive(id: string): boolean {
    this.cordons.records.delete(id);
    this.tokens.removeOf(id);
    this.operations.interruptOf(id);
    return this.hives.delete(id);
  }

  listHives(page: Page = {}): HiveRecord[] {
    return this.#find(() => true, page);
  }

  streamHives(): HiveRecord[] {
    return this.#find(() => true);
  }

  findHivesByStatus(status: HiveStatus, page?: Page): HiveRecord[] {
    if (!STATUSES.includes(status)) throw new Refusal("INVALID_ARGUMENT");
    return this.#find((hive) => hive.status === status, page);
  }

  findOnlineHives(page?: Page): HiveRecord[] {
    return this.findHivesByStatus("online", page);
  }

  findOfflineHives(page?: Page): HiveRecord[] {
    return this.findHivesByStatus("offline", page);
  }

  findStaleHives(maxAgeMs: number, { limit = Number.POSITIVE_INFINITY }: Page = {}): HiveRecord[] {
    const beatOf = ({ lastHeartbeatMs }: HiveRecord) => lastHeartbeatMs ?? Number.POSITIVE_INFINITY;
    const stale = this.#find((hive) => beatOf(hive) < this.nowMs - maxAgeMs);
    return stale.sort((left, right) => beatOf(left) - beatOf(right)).slice(0, limit);
  }

  findHivesWithDevices(page?: Page): HiveRecord[] {
    return this.#find((hive) => !lacksDevices(hive), page);
  }

  findHivesWithoutDevices(page?: Page): HiveRecord[] {
    return this.#find(lacksDevices, page);
  }

  countHives(): number {
    return this.hives.size;
  }

  countByStatus(status: HiveStatus): number {
    return this.findHivesByStatus(status).length;
  }

  #existing(id: string): HiveRecord {
    const hive = this.hives.get(id);
    if (hive === undefined) throw new Refusal("HIVE_NOT_FOUND");
    return hive;
  }

  #store(hive: HiveRecord): HiveRecord {
    this.hives.set(hive.id, hive);
    return hive;
  }

  #find(wanted: (hive: HiveRecord) => boolean, { after = "", limit = Number.POSITIVE_INFINITY }: Page = {}) {
    const sorted = [...this.hives.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
    return sorted.filter((hive) => hive.id > after && wanted(hive)).slice(0, limit);
  }

  #later(stored: number | null, beat: number | null): number | null {
    if (beat === null) return stored;
    return stored === null || beat > stored || stored > this.nowMs + MAX_AHEAD_MS ? beat : stored;
  }
}

type SshFields = { sshHost?: unknown; sshPort?: unknown; sshUser?: unknown };

function checkSsh({ sshHost = null, sshPort = null, sshUser = null }: SshFields): void {
  if (sshHost === null && (sshPort !== null || sshUser !== null)) throw new Refusal("INVALID_HIVE");
}
