import type { Cordon, NewCordon } from "../../src/model/cordon.ts";
import type { HostKey, NewHostKey } from "../../src/model/host-key.ts";
import type { NewOperation, OperationProgress, OperationRecord } from "../../src/model/operation.ts";
import type { NewToken, StoredToken } from "../../src/model/token.ts";
import { Refusal } from "./calls.ts";

/** What the tables know of their catalog. */
type Catalog = { readonly hives: ReadonlyMap<string, unknown>; readonly nowMs: number };
/** A map keeps the order in which its entries came: so does a table. */
type Records<Of> = ReadonlyMap<string, Of>;

const KEPT_OF_HIVE = 50;

/** One whose end has come is there and not in force: the clock may be set back. */
export class ModelCordons {
  readonly records: Map<string, Cordon>;
  readonly #catalog: Catalog;

  constructor(catalog: Catalog, records: Records<Cordon> = new Map()) {
    this.#catalog = catalog;
    this.records = new Map(records);
  }

  set(hiveId: string, { reason, untilMs = null, createdAtMs = this.#catalog.nowMs }: NewCordon): Cordon {
    refuseUnless(!reason.includes("\n") && (untilMs === null || untilMs > this.#catalog.nowMs), "INVALID_ARGUMENT");
    refuseUnless(this.#catalog.hives.has(hiveId), "HIVE_NOT_FOUND");
    return store(this.records, hiveId, { hiveId, reason, untilMs, createdAtMs });
  }

  lift(hiveId: string): boolean {
    const wasInForce = this.get(hiveId) !== undefined;
    this.records.delete(hiveId);
    return wasInForce;
  }

  get(hiveId: string): Cordon | undefined {
    const cordon = this.records.get(hiveId);
    return cordon && (cordon.untilMs ?? Number.POSITIVE_INFINITY) > this.#catalog.nowMs ? cordon : undefined;
  }

  list({ after = "", limit }: { after?: string; limit?: number } = {}): Cordon[] {
    const ids = [...this.records.keys()].filter((id) => id > after && this.get(id)).sort();
    return ids.slice(0, limit).flatMap((id) => this.records.get(id) ?? []);
  }
}

export class ModelTokens {
  readonly records: Map<string, StoredToken>;
  readonly #catalog: Catalog;

  constructor(catalog: Catalog, records: Records<StoredToken> = new Map()) {
    this.#catalog = catalog;
    this.records = new Map(records);
  }

  add(token: NewToken): Omit<StoredToken, "hash"> {
    const { id, hiveId = null } = token;
    const isOwned = (token.role === "hive") === (hiveId !== null);
    refuseUnless(id !== "no id" && token.name !== "" && isOwned && !this.records.has(id), "INVALID_ARGUMENT");
    refuseUnless(hiveId === null || this.#catalog.hives.has(hiveId), "HIVE_NOT_FOUND");
    const times = { createdAtMs: this.#catalog.nowMs, revokedAtMs: null, expiresAtMs: null, lastUsedAtMs: null };
    return withoutHash(store(this.records, id, { ...times, ...token, hiveId } as StoredToken));
  }

  revoke(id: string): boolean {
    const token = this.records.get(id);
    if (token === undefined || token.revokedAtMs !== null) return false;
    this.records.set(id, { ...token, revokedAtMs: this.#catalog.nowMs });
    return true;
  }

  removeEnded(maxAgeMs: number): number {
    const isOld = ({ revokedAtMs, expiresAtMs }: StoredToken) =>
      Math.min(revokedAtMs ?? Infinity, expiresAtMs ?? Infinity) < this.#catalog.nowMs - maxAgeMs;
    const old = [...this.records.values()].filter(isOld);
    for (const { id } of old) this.records.delete(id);
    return old.length;
  }

  get(id: string): StoredToken | undefined {
    return this.records.get(id);
  }

  list(): Omit<StoredToken, "hash">[] {
    return [...this.records.values()].map(withoutHash);
  }

  count(): number {
    return this.list().filter(({ revokedAtMs }) => revokedAtMs === null).length;
  }

  removeOf(hiveId: string): void {
    for (const token of this.records.values()) if (token.hiveId === hiveId) this.records.delete(token.id);
  }
}

export class ModelOperations {
  readonly records: Map<string, OperationRecord>;
  readonly #catalog: Catalog;

  constructor(catalog: Catalog, records: Records<OperationRecord> = new Map()) {
    this.#catalog = catalog;
    this.records = new Map(records);
  }

  begin(operation: NewOperation): OperationRecord {
    const { id, hiveId, owner } = operation;
    refuseUnless(id !== "no id" && owner !== "" && !this.records.has(id), "INVALID_ARGUMENT");
    refuseUnless(this.#catalog.hives.has(hiveId), "HIVE_NOT_FOUND");
    const ofHive = this.#newestFirst().filter((one) => one.hiveId === hiveId);
    refuseUnless(ofHive.every(isFinished), "OPERATION_IN_PROGRESS");
    for (const old of ofHive.slice(KEPT_OF_HIVE)) this.records.delete(old.id);
    const begun = { state: "running", createdAtMs: this.#catalog.nowMs, finishedAtMs: null } as const;
    return store(this.records, id, { ...operation, ...begun, steps: [], outputTail: "", problem: null });
  }

  save(id: string, progress: OperationProgress): boolean {
    refuseUnless(id !== "no id", "INVALID_ARGUMENT");
    return this.#change(id, progress);
  }

  finish(id: string, { state, problem = null }: { state: OperationRecord["state"]; problem?: string | null }): boolean {
    refuseUnless(id !== "no id" && state !== "running", "INVALID_ARGUMENT");
    return this.#change(id, { state, problem, finishedAtMs: this.#catalog.nowMs });
  }

  interruptOf(hiveId: string): void {
    const end = { state: "interrupted", problem: "the hive was removed", finishedAtMs: this.#catalog.nowMs } as const;
    for (const one of this.unfinished()) if (one.hiveId === hiveId) this.#change(one.id, end);
  }

  get(id: string): OperationRecord | undefined {
    return this.records.get(id);
  }

  list({ hiveId, after, limit }: { hiveId?: string; after?: string; limit?: number } = {}): OperationRecord[] {
    const all = this.#newestFirst();
    const place = all.findIndex(({ id }) => id === after);
    refuseUnless(after === undefined || place >= 0, "INVALID_ARGUMENT");
    const wanted = all.slice(place + 1).filter((one) => hiveId === undefined || one.hiveId === hiveId);
    return wanted.slice(0, limit);
  }

  unfinished(): OperationRecord[] {
    return this.#newestFirst().filter((operation) => !isFinished(operation));
  }

  #newestFirst(): OperationRecord[] {
    return [...this.records.values()].reverse();
  }

  #change(id: string, changes: Partial<OperationRecord>): boolean {
    const operation = this.records.get(id);
    if (operation === undefined || isFinished(operation)) return false;
    this.records.set(id, { ...operation, ...changes });
    return true;
  }
}

export class ModelHostKeys {
  readonly records: Map<string, HostKey>;
  readonly #catalog: Catalog;

  constructor(catalog: Catalog, records: Records<HostKey> = new Map()) {
    this.#catalog = catalog;
    this.records = new Map(records);
  }

  pin(key: NewHostKey): HostKey {
    const { port, keyType } = key;
    refuseUnless(key.host !== "-x" && port !== 0 && keyType !== "-o", "INVALID_ARGUMENT");
    const host = key.host.toLowerCase();
    return store(this.records, `${host} ${port} ${keyType}`, {
      ...key,
      host,
      pinnedAtMs: key.pinnedAtMs ?? this.#catalog.nowMs,
    });
  }

  find(host: string, port: number): HostKey[] {
    const keys = this.list().filter((key) => key.host === host.toLowerCase() && key.port === port);
    return keys.sort((left, right) => (left.keyType < right.keyType ? -1 : 1));
  }

  list(): HostKey[] {
    return [...this.records.values()];
  }

  remove(host: string, port: number): boolean {
    const found = this.find(host, port);
    for (const key of found) this.records.delete(`${key.host} ${key.port} ${key.keyType}`);
    return found.length > 0;
  }
}

function refuseUnless(isRight: boolean, code: string): void {
  if (!isRight) throw new Refusal(code);
}

function store<Of>(records: Map<string, Of>, key: string, record: Of): Of {
  records.set(key, record);
  return record;
}

const isFinished = ({ finishedAtMs }: OperationRecord) => finishedAtMs !== null;

function withoutHash({ hash: _, ...token }: StoredToken): Omit<StoredToken, "hash"> {
  return token;
}
