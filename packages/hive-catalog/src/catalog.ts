import type { InStatement } from "@libsql/client";
import type { DeviceCapabilities } from "@repo/device-types";
import { Door } from "./calls.ts";
import { withoutDeadline } from "./drivers/server/retry.ts";
import { HeartbeatWriter } from "./hives/heartbeats.ts";
import { collect } from "./hives/pages.ts";
import { type Finder, HiveReader } from "./hives/reader.ts";
import { buildStatements, type Statements } from "./hives/statements.ts";
import { HiveWriter } from "./hives/writer.ts";
import {
  checkChoice,
  checkHive,
  checkInteger,
  checkOptions,
  HeartbeatInput,
  invalidArgument,
  isHiveId,
  isTimeMs,
} from "./model/check.ts";
import { HIVE_STATUSES, type HiveChanges, type HiveRecord, type HiveStatus, type NewHive } from "./model/hive.ts";
import type { ListOptions, OpenOptions, StaleOptions } from "./options.ts";
import type { Cordons } from "./records/cordons.ts";
import type { HostKeys } from "./records/host-keys.ts";
import type { Operations } from "./records/operations.ts";
import type { Tokens } from "./records/tokens.ts";
import { type Database, openDatabase } from "./sql/open.ts";
import { whenThere } from "./sql/statement.ts";

const DEFAULT_BUSY_TIMEOUT_MS = 5000;
const DEFAULT_STREAM_PAGE = 250;

/** The public methods of a class. */
type Verbs<Of> = Pick<Of, keyof Of>;

/**
 * What is known of every hive and survives a restart. Open it with `HiveCatalog.open`, end it with `close`.
 * Every call that fails rejects with a `HiveCatalogError`; what was answered is on disk.
 */
export class HiveCatalog {
  /** Hives that get no new work for now. */
  readonly cordons: Verbs<Cordons>;
  /** Who may call the queen. */
  readonly tokens: Verbs<Tokens>;
  /** What is done to hives. */
  readonly operations: Verbs<Operations>;
  /** The pinned SSH host keys. */
  readonly hostKeys: Verbs<HostKeys>;
  readonly #database: Database;
  readonly #statements: Statements;
  readonly #heartbeats: HeartbeatWriter;
  readonly #now: () => number;
  readonly #reader: HiveReader;
  readonly #writer: HiveWriter;
  readonly #door: Door;
  #closing: Promise<void> | undefined;

  private constructor(database: Database, { now = Date.now, onCorruptHive, onCommit }: OpenOptions) {
    this.#database = database;
    this.#door = new Door(database.callTimeoutMs);
    this.#statements = buildStatements(database);
    this.#reader = new HiveReader(this.#statements, onCorruptHive);
    const { client, retry } = database;
    // A beat may be stored twice: it never moves back. A group may be stored while the call of an observer runs, and has its own deadline.
    const repeating = {
      execute: (statement: InStatement) => withoutDeadline(() => retry(() => client.execute(statement))),
    };
    this.#heartbeats = new HeartbeatWriter({ client: repeating, now, onCommit });
    this.#now = now;
    this.#writer = new HiveWriter({ database, statements: this.#statements, reader: this.#reader, now });
    const access = { database, now };
    this.cordons = this.#door.lazily(
      ["set", "lift", "get", "list"],
      async () => new (await import("./records/cordons.ts")).Cordons(access),
    );
    this.tokens = this.#door.lazily(
      ["add", "get", "list", "revoke", "count", "version"],
      async () => new (await import("./records/tokens.ts")).Tokens(access),
    );
    this.operations = this.#door.lazily(
      ["begin", "save", "finish", "get", "list", "unfinished"],
      async () => new (await import("./records/operations.ts")).Operations(access),
    );
    this.hostKeys = this.#door.lazily(
      ["pin", "find", "list", "remove"],
      async () => new (await import("./records/host-keys.ts")).HostKeys(access),
    );
  }

  /**
   * Opens the catalog at `location`: a path (made with its parent folders if missing), `:memory:`, or a URL (`file:`, `libsql:`,
   * `http:`, `https:`). Rejects with INVALID_ARGUMENT or a CATALOG_… code.
   */
  static async open(location: string, options: OpenOptions = {}): Promise<HiveCatalog> {
    checkOptions(options);
    const { authToken, migrate = true, busyTimeoutMs = DEFAULT_BUSY_TIMEOUT_MS, requestTimeoutMs } = options;
    checkInteger("busyTimeoutMs", busyTimeoutMs, 0);
    if (requestTimeoutMs !== undefined) checkInteger("requestTimeoutMs", requestTimeoutMs, 1);
    const database = await openDatabase(location, { authToken, migrate, busyTimeoutMs, requestTimeoutMs });
    return new HiveCatalog(database, options);
  }

  /** Finishes what is running, then closes. Later calls reject with CATALOG_CLOSED. */
  close(): Promise<void> {
    this.#closing ??= this.#drainAndClose();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Adds a hive and resolves to it as stored. Rejects with HIVE_ALREADY_EXISTS or INVALID_HIVE. */
  addHive(hive: NewHive): Promise<HiveRecord> {
    return this.#door.call(() => this.#writer.add(hive));
  }

  /** The hive, or undefined. Rejects with CORRUPT_HIVE when another program damaged its row. */
  getHive(id: string): Promise<HiveRecord | undefined> {
    return this.#door.call(() => {
      if (!isHiveId(id)) return undefined;
      return whenThere(this.#statements.get.row({ id }), (row) => row && this.#reader.record(row));
    });
  }

  hiveExists(id: string): Promise<boolean> {
    return this.#door.call(() => {
      if (!isHiveId(id)) return false;
      return whenThere(this.#statements.exists.row({ id }), (row) => row !== undefined);
    });
  }

  /** All hives by id, or one page of them. */
  listHives(options: ListOptions = {}): Promise<HiveRecord[]> {
    return this.#find(this.#statements.all, options);
  }

  /** All hives by id, page by page: no more than `pageSize` (default 250) are held, and nothing is locked in between. */
  async *streamHives(
    options: { pageSize?: number; onCorruptHive?: ListOptions["onCorruptHive"] } = {},
  ): AsyncGenerator<HiveRecord, void, undefined> {
    checkOptions(options);
    const { pageSize = DEFAULT_STREAM_PAGE, onCorruptHive } = options;
    checkInteger("pageSize", pageSize, 1);
    const pages = this.#reader.pages(this.#statements.all, {}, { onCorruptHive }, pageSize);
    for (;;) {
      const page = await this.#door.call(() => pages.next());
      if (page.done) return;
      yield* page.value;
    }
  }

  findHivesByStatus(status: HiveStatus, options: ListOptions = {}): Promise<HiveRecord[]> {
    return this.#door.call(() => {
      checkChoice("status", status, HIVE_STATUSES);
      return collect(this.#reader.pages(this.#statements.withStatus, { status }, options));
    });
  }

  findOnlineHives(options: ListOptions = {}): Promise<HiveRecord[]> {
    return this.findHivesByStatus("online", options);
  }

  findOfflineHives(options: ListOptions = {}): Promise<HiveRecord[]> {
    return this.findHivesByStatus("offline", options);
  }

  /** Hives whose last beat is older than `maxAgeMs`, the oldest first, then by id. One that never beat is unknown, not stale. */
  findStaleHives(maxAgeMs: number, options: StaleOptions = {}): Promise<HiveRecord[]> {
    return this.#door.call(() => {
      checkOptions(options);
      const { after, ...page } = options;
      checkInteger("maxAgeMs", maxAgeMs, 0);
      if (after !== undefined && !(isHiveId(after?.id) && Number.isSafeInteger(after.lastHeartbeatMs))) {
        throw invalidArgument("after", "must be the last record of the page before");
      }
      const values = { beforeMs: this.#now() - maxAgeMs, afterMs: after?.lastHeartbeatMs ?? 0 };
      return collect(this.#reader.pages(this.#statements.stale, values, { ...page, after: after?.id }));
    });
  }

  /**
   * By id. Nearly all hives have devices, so no index serves it: where few have, one statement reads past all the others, and holds the
   * event loop for about 0.1 s at 500,000 hives. Page through `listHives` where that is too long.
   */
  findHivesWithDevices(options: ListOptions = {}): Promise<HiveRecord[]> {
    return this.#find(this.#statements.withDevices, options);
  }

  findHivesWithoutDevices(options: ListOptions = {}): Promise<HiveRecord[]> {
    return this.#find(this.#statements.withoutDevices, options);
  }

  countHives(): Promise<number> {
    return this.#door.call(() => this.#statements.count.count());
  }

  countByStatus(status: HiveStatus): Promise<number> {
    return this.#door.call(() => {
      checkChoice("status", status, HIVE_STATUSES);
      return this.#statements.countStatus.count({ status });
    });
  }

  /**
   * Replaces every field of a hive but its times, and resolves to it as stored: `createdAtMs` stays, `updatedAtMs` becomes
   * now, `lastHeartbeatMs` never moves back. Rejects with HIVE_NOT_FOUND or INVALID_HIVE.
   */
  updateHive(hive: HiveRecord): Promise<HiveRecord> {
    return this.#door.call(() => this.#writer.update(hive));
  }

  /**
   * Changes only the fields named, in one statement, and resolves to the hive as stored. Rejects with HIVE_NOT_FOUND or INVALID_HIVE;
   * with CORRUPT_HIVE when a field that was not named is damaged: the changes are stored then.
   */
  patchHive(id: string, changes: HiveChanges): Promise<HiveRecord> {
    return this.#door.call(() => this.#writer.patch(id, changes));
  }

  /** Rejects with HIVE_NOT_FOUND or INVALID_HIVE. */
  updateHiveStatus(id: string, status: HiveStatus): Promise<void> {
    return this.#door.call(() => this.#writer.setStatus(id, status));
  }

  /**
   * Marks a hive offline, unless a beat at `notBeatSinceMs` (ms since the epoch) or later is stored: so that a beat which another
   * queen took meanwhile wins. Resolves to whether this call changed the status.
   */
  markOffline(id: string, notBeatSinceMs: number): Promise<boolean> {
    return this.#door.call(() => this.#writer.setOffline(id, notBeatSinceMs));
  }

  /**
   * Stores a beat at `timestampMs` (ms since the epoch); one that is older than the stored beat is accepted and changes nothing.
   * Beats that arrive together share one commit. Rejects with HIVE_NOT_FOUND or INVALID_HIVE.
   */
  updateHeartbeat(id: string, timestampMs: number): Promise<void> {
    return this.#door.enter(() => {
      // Zod takes longer than all else that a beat in a group costs; it says what is wrong.
      if (!isHiveId(id) || !isTimeMs(timestampMs)) checkHive(HeartbeatInput, { id, timestampMs });
      return this.#heartbeats.store(id, timestampMs);
    });
  }

  /** Rejects with HIVE_NOT_FOUND or INVALID_HIVE. */
  updateDevices(id: string, devices: DeviceCapabilities): Promise<void> {
    return this.#door.call(() => this.#writer.setDevices(id, devices));
  }

  /** Removes a hive, a damaged one too, with its cordon and its tokens; its operations stay as history. Resolves to whether it was there. */
  removeHive(id: string): Promise<boolean> {
    return this.#door.call(() => this.#writer.remove(id));
  }

  async #drainAndClose(): Promise<void> {
    this.#door.shut();
    await this.#heartbeats.drain();
    await this.#door.idle();
    this.#database.client.close();
  }

  #find(finder: Finder, options: ListOptions): Promise<HiveRecord[]> {
    return this.#door.call(() => collect(this.#reader.pages(finder, {}, options)));
  }
}
