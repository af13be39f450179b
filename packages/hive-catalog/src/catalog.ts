import { Calls } from "./calls.ts";
import type { CallClient } from "./drivers/client.ts";
import { toCatalogError } from "./drivers/errors.ts";
import type { HiveCatalogError } from "./errors.ts";
import { HiveFinder } from "./finding/finder.ts";
import { addHive, addHives } from "./hives/additions.ts";
import { HeartbeatWriter } from "./hives/heartbeats.ts";
import * as reader from "./hives/reader.ts";
import * as hives from "./hives/statements.ts";
import * as writer from "./hives/writer.ts";
import { wholeMs } from "./model/check.ts";
import type { DevicesInput, HiveChanges, HiveInput, HiveRecord, HiveStatus, NewHive } from "./model/hive.ts";
import {
  type CallOptions,
  type CheckedOptions,
  checkedOptions,
  type FindOptions,
  type FindStreamOptions,
  type FoundHives,
  GET_OPTIONS,
  type GetOptions,
  LIST_OPTIONS,
  type ListOptions,
  type OpenOptions,
  PATCH_OPTIONS,
  type PatchOptions,
  STREAM_OPTIONS,
  type StaleOptions,
  type StreamOptions,
} from "./options.ts";
import { Cordons } from "./records/cordons.ts";
import { DerivedGpuRows } from "./records/gpus.ts";
import { HostKeys } from "./records/host-keys.ts";
import { HiveLabels } from "./records/labels.ts";
import { Operations } from "./records/operations.ts";
import { Queens } from "./records/queens.ts";
import { Sessions } from "./records/sessions.ts";
import { Tokens } from "./records/tokens.ts";
import { DamageWarnings } from "./sql/damage-warnings.ts";
import { type Database, openDatabase } from "./sql/open.ts";
import { collect, type Finder, type OnDamage } from "./sql/reading.ts";
import { countIn } from "./sql/statement.ts";
import { readSynchronous, type Synchronous } from "./sql/synchronous.ts";
import { isThere } from "./traits/presence.ts";

/**
 * What is known of every hive and survives a restart. Open it with `HiveCatalog.open`, end it with `close`.
 * Every call that fails rejects with a `HiveCatalogError`; what was answered is on disk. The last argument of each may hold a `signal`, whose
 * reason is what an aborted call rejects with.
 */
export class HiveCatalog {
  /** Where it is, as it may be shown: a path, the URL of a server without what is secret in it, or `:memory:`. */
  readonly location: string;
  /** Whether there was none until it was opened. */
  readonly isNew: boolean;
  /** The names of the migrations that this opening applied; of a new one, all. */
  readonly migrations: readonly string[];
  /** Hives that get no new work for now. */
  readonly cordons: Cordons;
  /** What hives are chosen by. */
  readonly labels: HiveLabels;
  /** How far the rows are by which hives are found by their GPUs. */
  readonly gpuRows: DerivedGpuRows;
  /** Who may call the queen. */
  readonly tokens: Tokens;
  /** Who logged in with one of them. */
  readonly sessions: Sessions;
  /** What is done to hives. */
  readonly operations: Operations;
  /** The pinned SSH host keys. */
  readonly hostKeys: HostKeys;
  /** The queens that run on it. */
  readonly queens: Queens;
  /** What is odd about its file, a sentence each: that it can only be read, say, or that others may read it. None for a server. */
  readonly warnings: readonly string[];
  readonly #database: Database;
  readonly #calls: Calls;
  readonly #heartbeats: HeartbeatWriter;
  readonly #now: () => number;
  readonly #onDamage: OnDamage;
  readonly #finder: HiveFinder;
  #closing: Promise<void> | undefined;

  private constructor(database: Database, { now = Date.now, onCorruptHive, onCommit, busyTimeoutMs }: CheckedOptions) {
    this.#calls = new Calls(database.client, database.callTimeoutMs);
    const access = { calls: this.#calls, now: wholeMs(now), warnings: new DamageWarnings() };
    this.location = database.name;
    this.isNew = database.isNew;
    this.migrations = database.migrations ?? [];
    this.warnings = database.warnings ?? [];
    this.#database = database;
    this.#now = access.now;
    this.#onDamage = onCorruptHive ? reader.tellingOf(onCorruptHive) : access.warnings.of(hives.hiveReader);
    this.#heartbeats = new HeartbeatWriter({ ...access, ...database, onCommit, busyTimeoutMs });
    this.cordons = new Cordons(access);
    this.labels = new HiveLabels(access);
    this.gpuRows = new DerivedGpuRows(access);
    this.#finder = new HiveFinder({ ...access, onDamage: this.#onDamage, knowsGpus: () => this.gpuRows.left === 0 });
    this.tokens = new Tokens(access);
    this.sessions = new Sessions(access);
    this.operations = new Operations(access);
    this.hostKeys = new HostKeys(access);
    this.queens = new Queens(access);
  }

  /**
   * Opens the catalog at `location`: a path (made with its parent folders if missing), `:memory:`, or a URL (`file:`, `libsql:`,
   * `http:`, `https:`, `ws:`, `wss:`). Rejects with INVALID_ARGUMENT or a CATALOG_… code.
   */
  static async open(location: string, options: OpenOptions = {}): Promise<HiveCatalog> {
    try {
      const checked = checkedOptions(options);
      const catalog = new HiveCatalog(await openDatabase(location, checked), checked);
      await catalog.gpuRows.begin();
      return catalog;
    } catch (error) {
      throw toCatalogError(error);
    }
  }

  /** Finishes what is running, then closes. Later calls reject with CATALOG_CLOSED. A server that does not answer is given two seconds. */
  close(): Promise<void> {
    this.#closing ??= this.#calls.shut().then(() => this.#database.client.close());
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Adds a hive, with its `labels` if it has any, and resolves to it as stored. Rejects with HIVE_ALREADY_EXISTS or INVALID_HIVE. */
  addHive(hive: NewHive, options?: CallOptions): Promise<HiveRecord> {
    return this.#calls.run((client) => addHive(client, hive, this.#now()), options);
  }

  /** Adds up to 32 hives in one transaction, and resolves to each as stored, or to what `addHive` would reject with, in their order. */
  addHives(hives: readonly NewHive[], options?: CallOptions): Promise<(HiveRecord | HiveCatalogError)[]> {
    return this.#calls.run((client) => addHives(client, hives, this.#now()), options);
  }

  /** The hive, or undefined. Rejects with CORRUPT_HIVE when another program damaged its row. */
  getHive(id: string, options?: CallOptions): Promise<HiveRecord | undefined> {
    return this.#calls.run((client) => reader.readHive(client, id), options);
  }

  /** Those of up to 1,000 hives that are there, by id; a damaged one is told, and left out. */
  getHives(ids: readonly string[], options: GetOptions = {}): Promise<HiveRecord[]> {
    const work = (client: CallClient) => collect(reader.hivesWithIds(client, ids, options, this.#onDamage));
    return this.#calls.run(work, options, GET_OPTIONS);
  }

  /** Whether there is a hive with this id, damaged as the rest of its row may be. */
  hiveExists(id: string, options?: CallOptions): Promise<boolean> {
    return this.#calls.run((client) => isThere(client, id), options);
  }

  /** All hives by id, or one page of them. */
  listHives(options: ListOptions = {}): Promise<HiveRecord[]> {
    return this.#find(hives.allHives, () => ({}), options);
  }

  /** The ids of all hives in order, or of one page of them: from an index alone, damaged as the rest of their rows may be. */
  listHiveIds(options: ListOptions = {}): Promise<string[]> {
    return this.#calls.run((client) => reader.listIds(client, options, this.#onDamage), options, LIST_OPTIONS);
  }

  /** All hives by id, or those with a status, page by page: no more than `pageSize` are held, and nothing is locked in between. */
  streamHives(options?: StreamOptions): AsyncGenerator<HiveRecord, void, undefined> {
    return this.#finder.stream(options, STREAM_OPTIONS);
  }

  /**
   * A page of the hives for which all holds that is asked, by id. No call holds the event loop for long, whatever it asks: after some windows of hives
   * a page may be short or empty, and `nextAfter` says where to go on. Rejects with INVALID_ARGUMENT, which says where a grammar broke.
   */
  findHives(options?: FindOptions): Promise<FoundHives> {
    return this.#finder.page(options);
  }

  /** All of them, page by page: no more than `pageSize` are held, and nothing is locked in between. */
  streamFoundHives(options?: FindStreamOptions): AsyncGenerator<HiveRecord, void, undefined> {
    return this.#finder.stream(options);
  }

  /** The hives with this status by id, or one page of them. Rejects with INVALID_ARGUMENT. */
  findHivesByStatus(status: HiveStatus, options: ListOptions = {}): Promise<HiveRecord[]> {
    return this.#find(hives.hivesWithStatus, () => ({ status: reader.checkStatus(status) }), options);
  }

  /** `findHivesByStatus("online")`. */
  findOnlineHives(options: ListOptions = {}): Promise<HiveRecord[]> {
    return this.findHivesByStatus("online", options);
  }

  /** `findHivesByStatus("offline")`. */
  findOfflineHives(options: ListOptions = {}): Promise<HiveRecord[]> {
    return this.findHivesByStatus("offline", options);
  }

  /** Hives whose last beat is older than `maxAgeMs`, the oldest first, then by id. One that never beat is unknown, not stale. */
  findStaleHives(maxAgeMs: number, options: StaleOptions = {}): Promise<HiveRecord[]> {
    const work = (client: CallClient) =>
      collect(reader.stalePages(client, { maxAgeMs, nowMs: this.#now() }, options, this.#onDamage));
    return this.#calls.run(work, options, LIST_OPTIONS);
  }

  /** All but those of `findHivesWithoutDevices`, by id. No index serves it: where few have devices, it holds the event loop, for 0.1 s at 500,000 hives. */
  findHivesWithDevices(options: ListOptions = {}): Promise<HiveRecord[]> {
    return this.#find(hives.hivesWithDevices, () => ({}), options);
  }

  /** Those that are to be asked for their devices, by id: they never were, or could not read their GPUs (`devices.gpus` is null). */
  findHivesWithoutDevices(options: ListOptions = {}): Promise<HiveRecord[]> {
    return this.#find(hives.hivesWithoutDevices, () => ({}), options);
  }

  /** What is on the disk when a change is answered. A file is always `full`; a server is what it was set to, or does not say. */
  synchronous(options?: CallOptions): Promise<Synchronous | undefined> {
    return this.#calls.run(readSynchronous, options);
  }

  /** Rejects with what keeps every change from being made now: a missing right, a lock, a file out of its place. Of a server only a change tells. */
  checkWritable(options?: CallOptions): Promise<void> {
    return this.#calls.run((client) => client.checkWritable(), options);
  }

  /** How many hives there are, the damaged ones too. */
  countHives(options?: CallOptions): Promise<number> {
    return this.#calls.run(async (client) => countIn(await client.first(hives.countHives({}))), options);
  }

  /** How many have this status, of the damaged ones those too whose status is sound. Rejects with INVALID_ARGUMENT. */
  countByStatus(status: HiveStatus, options?: CallOptions): Promise<number> {
    return this.#calls.run((client) => reader.countByStatus(client, status), options);
  }

  /**
   * Replaces every field of a hive but its times, and resolves to it as stored: `createdAtMs` stays, `updatedAtMs` becomes
   * now, `lastHeartbeatMs` never moves back. A field that is sent back as it is stored is not held to the rules. Rejects with
   * HIVE_NOT_FOUND or INVALID_HIVE; with CORRUPT_HIVE when `createdAtMs` is damaged: the rest is stored then.
   */
  updateHive(hive: HiveInput, options?: CallOptions): Promise<HiveRecord> {
    return this.#calls.run((client) => writer.updateHive(client, hive, this.#now()), options);
  }

  /**
   * Changes only the fields named, in one transaction, and resolves to the hive as stored. A field that is sent back as it is stored is not held to the
   * rules. Rejects with HIVE_NOT_FOUND or INVALID_HIVE; with CORRUPT_HIVE when a field that was not named is damaged: the changes are stored then.
   */
  patchHive(id: string, changes: HiveChanges, options: PatchOptions = {}): Promise<HiveRecord> {
    const work = (client: CallClient) => writer.patchHive(client, id, changes, this.#now(), options);
    return this.#calls.run(work, options, PATCH_OPTIONS);
  }

  /** Rejects with HIVE_NOT_FOUND or INVALID_HIVE. */
  updateHiveStatus(id: string, status: HiveStatus, options?: CallOptions): Promise<void> {
    return this.#calls.run((client) => writer.setStatus(client, id, status, this.#now()), options);
  }

  /**
   * Marks a hive offline, unless a beat at `notBeatSinceMs` (ms since the epoch) or later is stored: so that a beat which another
   * queen took meanwhile wins. Resolves to whether this call changed the status.
   */
  markOffline(id: string, notBeatSinceMs: number, options?: CallOptions): Promise<boolean> {
    return this.#calls.run((client) => writer.setOffline(client, id, notBeatSinceMs, this.#now()), options);
  }

  /**
   * Stores a beat at `timestampMs` (ms since the epoch); one that is older than the stored beat is accepted and changes nothing.
   * Beats that arrive together share one commit. Rejects with HIVE_NOT_FOUND or INVALID_HIVE.
   */
  updateHeartbeat(id: string, timestampMs: number, options?: CallOptions): Promise<void> {
    return this.#calls.run(() => this.#heartbeats.store(id, timestampMs), options);
  }

  /** Rejects with HIVE_NOT_FOUND or INVALID_HIVE. */
  updateDevices(id: string, devices: DevicesInput, options?: CallOptions): Promise<void> {
    return this.#calls.run((client) => writer.setDevices(client, id, devices, this.#now()), options);
  }

  /**
   * Removes a hive, a damaged one too, with its labels, its cordon, its tokens and their sessions; an operation on it that is not finished ends as
   * interrupted, and its operations stay as history for 90 days. Resolves to whether it was there.
   */
  removeHive(id: string, options?: CallOptions): Promise<boolean> {
    return this.#calls.run((client) => writer.removeHive(client, id, this.#now()), options);
  }

  #find<V extends { status?: string }>(finder: Finder<HiveRecord, V>, values: () => V, options: ListOptions) {
    const work = (client: CallClient) => collect(reader.hivePages(client, finder, values(), options, this.#onDamage));
    return this.#calls.run(work, options, LIST_OPTIONS);
  }
}
