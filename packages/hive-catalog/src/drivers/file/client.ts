import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type Database from "libsql";
import { HiveCatalogError } from "../../errors.ts";
import { LoopBudget, turnOfTheLoop } from "../../event-loop.ts";
import {
  plain,
  type RequestOptions,
  type SqlClient,
  type SqlResult,
  type SqlRow,
  type SqlStatement,
  type SqlValue,
} from "../client.ts";
import { codeOf, isBusy } from "../errors.ts";
import { Slots } from "../slots.ts";
import { checkpoint, checkStored, commit, openConnection, rollback } from "./connection.ts";
import { leaveOpen } from "./left-open.ts";
import { NamedFile } from "./named-file.ts";

type Options = {
  /** What the binding opens: a path, `:memory:`, or a `file:` URI with SQLite's own parameters. */
  target: string;
  /** The name under which the file behind `target` is known; undefined for a database in memory. */
  path: string | undefined;
  /** How long a write waits for another process that holds the lock, in ms. */
  busyTimeoutMs: number;
  /** Why nothing can be written, of a connection that never does: it is left as it is found, and its file too. */
  readOnly?: string;
};

type KeptStatement = { readonly statement: Database.Statement; readonly isReader: boolean };

const MAX_KEPT_STATEMENTS = 256;
const READS = /^\s*(?:select|values|pragma|explain)\b/i;
/** Waits between attempts on a lock that another process holds, in ms; the last one repeats. */
const LOCK_WAITS_MS = [1, 2, 3, 5, 8, 10, 15, 20, 25];
const NOTHING: readonly SqlRow[] = [];
const TRY_TO_READ = "SELECT 1 FROM sqlite_schema LIMIT 1";

/**
 * The `libsql` binding for one file and one connection.
 *
 * It exists because the stock client loses acknowledged writes after one SQLITE_BUSY, and waits for locks inside the
 * event loop. Here every write takes the lock first, by `exec("BEGIN IMMEDIATE")`, and waits for it in JavaScript: so no
 * kept statement ever meets SQLITE_BUSY, which would leave it open with its old parameters.
 */
export class FileClient implements SqlClient {
  readonly #options: Options;
  readonly #turn = new Slots(1);
  readonly #loop = new LoopBudget();
  readonly #kept = new Map<string, KeptStatement>();
  /** Apart from the others: a statement whose .all() found nothing answers its next .get() with nothing, whatever there is. */
  readonly #firsts = new Map<string, KeptStatement>();
  #database: Database.Database;
  #file: NamedFile | undefined;
  #isClosed = false;
  /** A statement met a lock, has none, and is open all the same: what this connection read from then on would hold the file against all who would write. */
  #isSpoilt = false;

  constructor(options: Options) {
    this.#options = options;
    this.#database = this.#connect();
  }

  async execute(statement: SqlStatement, options: RequestOptions = {}): Promise<SqlResult> {
    return READS.test(statement.sql)
      ? this.#read(statement, options)
      : this.#write(() => this.#run(statement), options);
  }

  /** In two thirds of the time of `execute`, which reads to the end. */
  async first(statement: SqlStatement, options: RequestOptions = {}): Promise<SqlRow | undefined> {
    const { sql, args } = statement;
    if (this.#loop.isSpent()) await turnOfTheLoop();
    try {
      const kept = this.#firsts.get(sql) ?? this.#prepare(sql, this.#firsts);
      return kept.statement.get(args as SqlValue[]) as SqlRow | undefined;
    } catch (error) {
      this.#recover(sql, error);
      if (!isBusy(error)) throw error;
    }
    return (await this.#read(statement, options)).rows[0];
  }

  batch(statements: readonly SqlStatement[], options: RequestOptions = {}): Promise<SqlResult[]> {
    const run = (statement: SqlStatement, statementIndex: number) => {
      try {
        return this.#run(statement);
      } catch (error) {
        throw Object.assign(error as Error, { statementIndex });
      }
    };
    return this.#write(() => statements.map(run), options);
  }

  /** Takes the lock, and changes nothing. */
  checkWritable(options: RequestOptions = {}): Promise<void> {
    return this.#write(() => undefined, { ...options, isRepeatable: true });
  }

  /** Has the file keep its changes in a -wal from now on, which is then looked at as the file itself is. */
  async useWal(): Promise<void> {
    await this.#exclusively({}, () => this.#exec("PRAGMA journal_mode = WAL"));
    const { rows } = await this.execute(plain("PRAGMA journal_mode"));
    if (rows[0]?.[0] !== "wal") return;
    // SQLite makes it, or opens it, when it reads next.
    await this.execute(plain("PRAGMA schema_version"));
    this.#file?.noteCompanions();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#forgetStatements();
    rollback(this.#database);
    if (this.#file !== undefined && !this.#isInPlace()) leaveOpen(this.#database);
    else {
      if (this.#options.readOnly === undefined && this.#file !== undefined && !this.#isSpoilt)
        checkpoint(this.#database);
      this.#database.close();
    }
  }

  /** What was acknowledged before its -wal was taken away is in the named file from then on. */
  #saveLostWal(): void {
    try {
      if (this.#file?.lacksWalAlone()) checkpoint(this.#database);
    } catch {
      // Nothing can be looked at: the error that led here says more.
    }
  }

  /** False too when that cannot be looked at. */
  #isInPlace(): boolean {
    try {
      return this.#file?.isInPlace() ?? false;
    } catch {
      return false;
    }
  }

  #connect(): Database.Database {
    const { target, path, readOnly } = this.#options;
    return openConnection(target, {
      isReadOnly: readOnly !== undefined,
      onOpened: () => {
        if (path !== undefined) this.#file ??= new NamedFile(path);
      },
    });
  }

  /** A new connection. The one way to free a statement that failed half way: the binding cannot reset it. */
  #reconnect(): void {
    const former = this.#database;
    this.#database = this.#connect();
    this.#isSpoilt = false;
    this.#forgetStatements();
    rollback(former);
    former.close();
  }

  #usable(): Database.Database {
    if (this.#isSpoilt) this.#reconnectInPlace();
    return this.#database;
  }

  #forgetStatements(): void {
    this.#kept.clear();
    this.#firsts.clear();
  }

  async #read(statement: SqlStatement, options: RequestOptions): Promise<SqlResult> {
    if (this.#loop.isSpent()) await turnOfTheLoop();
    try {
      return this.#run(statement);
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
    return this.#exclusively(options, () => {
      this.#exec(TRY_TO_READ);
      return this.#run(statement);
    });
  }

  /** Runs `work` between BEGIN IMMEDIATE and COMMIT, with no turn of the event loop in between. */
  #write<Result>(work: () => Result, options: RequestOptions): Promise<Result> {
    const { readOnly } = this.#options;
    if (readOnly !== undefined) return Promise.reject(new HiveCatalogError("CATALOG_READ_ONLY", readOnly));
    return this.#exclusively(options, () => {
      // A -wal that could only be read when it was opened, for a moment, refuses each change until it is opened anew.
      this.#exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        // Whoever opened another file of that name meanwhile may read this one's -wal as its own.
        this.#file?.checkNames();
        commit(this.#database, options);
        // And once more: what is answered as stored was in the named file when it was stored.
        if (this.#file) checkStored(this.#file, options);
        return result;
      } catch (error) {
        if (this.#isClosed) throw error;
        rollback(this.#database);
        this.#saveLostWal();
        throw error;
      }
    });
  }

  /** Leaves nothing open when it meets a lock. */
  #exec(sql: string): void {
    try {
      this.#usable().exec(sql);
    } catch (error) {
      this.#reconnectAfter(error);
      throw error;
    }
  }

  async #exclusively<Result>(options: RequestOptions, work: () => Result): Promise<Result> {
    if (this.#loop.isSpent()) await turnOfTheLoop();
    const startedMs = performance.now();
    const wait = this.#turn.take();
    if (wait) await wait;
    try {
      return await this.#whenFree(startedMs, options, work);
    } finally {
      this.#turn.release();
    }
  }

  /** Tries until no other process holds the lock that `attempt` needs, without holding the event loop meanwhile. */
  async #whenFree<Result>(startedMs: number, { signal }: RequestOptions, attempt: () => Result): Promise<Result> {
    for (let waits = 0; ; waits++) {
      if (this.#isClosed)
        throw new HiveCatalogError("CATALOG_CLOSED", "the catalog was closed while a call waited for its turn");
      signal?.throwIfAborted();
      try {
        return attempt();
      } catch (error) {
        if (!isBusy(error) || performance.now() - startedMs >= this.#options.busyTimeoutMs) throw error;
      }
      await delay(LOCK_WAITS_MS[Math.min(waits, LOCK_WAITS_MS.length - 1)]);
    }
  }

  #run({ sql, args }: SqlStatement): SqlResult {
    const { statement, isReader } = this.#kept.get(sql) ?? this.#prepare(sql);
    try {
      // .all() and not .get(): a writing statement that is not read to its end stays open, and with it its lock.
      if (isReader) return { rows: statement.all(args as SqlValue[]) as SqlRow[], rowsAffected: 0 };
      return { rows: NOTHING, rowsAffected: statement.run(args as SqlValue[]).changes };
    } catch (error) {
      this.#recover(sql, error);
      throw error;
    }
  }

  #prepare(sql: string, all = this.#kept): KeptStatement {
    const statement = this.#usable().prepare(sql);
    const isReader = statement.reader;
    if (isReader) statement.raw(true);
    const kept = { statement, isReader };
    if (all.size >= MAX_KEPT_STATEMENTS) {
      const [oldest] = all.keys();
      if (oldest !== undefined) all.delete(oldest);
    }
    all.set(sql, kept);
    return kept;
  }

  /** A statement that failed half way keeps its snapshot or lock until its transaction is rolled back and its connection closed. */
  #recover(sql: string, error: unknown): void {
    this.#kept.delete(sql);
    this.#firsts.delete(sql);
    if (isBusy(error)) {
      this.#isSpoilt = true;
      this.#forgetStatements();
    } else this.#reconnectAfter(error);
  }

  /** Throws where the reason may be that a file is not in its place. */
  #reconnectAfter(error: unknown): void {
    if (!isBusy(error) && !codeOf(error).startsWith("SQLITE_CONSTRAINT")) this.#reconnectInPlace();
  }

  #reconnectInPlace(): void {
    if (this.#file === undefined) return;
    // Opening a path whose file is gone would make an empty file and delete its -wal; another file is not the one that was opened.
    this.#file.check();
    this.#reconnect();
  }
}
