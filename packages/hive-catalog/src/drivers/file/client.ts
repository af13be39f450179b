import { existsSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type {
  Client,
  InArgs,
  InStatement,
  InValue,
  ResultSet,
  Row,
  Transaction,
  TransactionMode,
} from "@libsql/client";
import Database from "libsql";
import { Turn } from "./mutex.ts";
import { EmbeddedTransaction } from "./transaction.ts";

type Options = {
  /** What the binding opens: a path, `:memory:`, or a `file:` URI with SQLite's own parameters. */
  target: string;
  /** The file behind `target`; undefined for a database in memory. */
  path: string | undefined;
  /** How long a write waits for another process that holds the lock, in ms. */
  busyTimeoutMs: number;
  /** A connection that never writes: it is left as it is found, and its file too. */
  readOnly?: boolean;
};

type KeptStatement = { readonly statement: Database.Statement; readonly reader: boolean; readonly columns: string[] };

const MAX_KEPT_STATEMENTS = 256;
/**
 * Holds the ids of a million hives. With SQLite's own 2 MiB a group of beats spills at 10,000 hives, and each id is read from the system at
 * a million. A little above 8,192 pages, where SQLite doubles the hash table of the cache: half full, each page is found past fewer others
 * that the processor has to fetch, which is 3 % of `getHive` at a million hives, as measured.
 */
const PAGE_CACHE_KIB = 36_000;
const READS = /^\s*(?:select|values|pragma|explain)\b/i;
/** Waits between attempts on a lock that another process holds, in ms; the last one repeats. */
const LOCK_WAITS_MS = [1, 2, 3, 5, 8, 10, 15, 20, 25];

/**
 * The `Client` interface of @libsql/client over the `libsql` binding, for one file and one connection.
 *
 * It exists because the stock client loses acknowledged writes after one SQLITE_BUSY, and waits for locks inside the
 * event loop. Here every write takes the lock first, by `exec("BEGIN IMMEDIATE")`, and waits for it in JavaScript: so no
 * kept statement ever meets SQLITE_BUSY, which would leave it open with its old parameters.
 * Rows are plain arrays: read them by index, not by name.
 */
export class EmbeddedClient implements Client {
  readonly protocol = "file";
  readonly #options: Options;
  readonly #turn = new Turn();
  readonly #kept = new Map<string, KeptStatement>();
  /** Apart from the others: a statement whose .all() found nothing answers its next .get() with nothing, whatever there is. */
  readonly #firsts = new Map<string, KeptStatement>();
  #database: Database.Database;
  #inTransaction = false;
  closed = false;

  constructor(options: Options) {
    this.#options = options;
    this.#database = this.#connect();
  }

  execute(statement: InStatement | string, args?: InArgs): Promise<ResultSet> {
    const sql = typeof statement === "string" ? statement : statement.sql;
    const values = typeof statement === "string" ? args : statement.args;
    return READS.test(sql) ? this.#read(sql, values) : this.#write(() => this.#run(sql, values));
  }

  async #read(sql: string, values: InArgs | undefined): Promise<ResultSet> {
    if (!this.#inTransaction) {
      try {
        return this.#run(sql, values);
      } catch (error) {
        if (!isBusy(error)) throw error;
      }
    }
    return this.#turn.run(() => this.#whenFree(performance.now(), () => this.#run(sql, values)));
  }

  /** The first row of a SELECT that finds one at most: in two thirds of the time of `execute`, which reads to the end. */
  first(sql: string, args: InValue[]): Row | undefined | Promise<Row | undefined> {
    if (this.#inTransaction) return this.execute(sql, args).then(({ rows: [row] }) => row);
    try {
      const { statement } = this.#firsts.get(sql) ?? this.#prepare(sql, this.#firsts);
      return statement.get(args) as Row | undefined;
    } catch (error) {
      this.#recover(sql, error);
      if (!isBusy(error)) throw error;
    }
    return this.execute(sql, args).then(({ rows: [row] }) => row);
  }

  async batch(statements: Array<InStatement | [string, InArgs?]>, mode?: TransactionMode): Promise<ResultSet[]> {
    const runAll = () =>
      statements.map((statement) => {
        if (Array.isArray(statement)) return this.#run(statement[0], statement[1]);
        return typeof statement === "string" ? this.#run(statement) : this.#run(statement.sql, statement.args);
      });
    return mode === "read" ? this.#turn.run(() => this.#between("BEGIN", runAll)) : this.#write(runAll);
  }

  migrate(statements: InStatement[]): Promise<ResultSet[]> {
    return this.batch(statements, "write");
  }

  executeMultiple(sql: string): Promise<void> {
    return this.#write(() => {
      this.#database.exec(sql);
    });
  }

  /** Other calls on this client wait until the transaction is over: there is one connection. */
  async transaction(mode: TransactionMode = "write"): Promise<Transaction> {
    const startedMs = performance.now();
    await this.#turn.take();
    let begun: Database.Database;
    try {
      begun = await this.#whenFree(startedMs, () => this.#begin(mode === "read" ? "BEGIN" : "BEGIN IMMEDIATE"));
    } catch (error) {
      this.#turn.end();
      throw error;
    }
    const ensureOpen = () => {
      if (this.#database !== begun)
        throw new Error("the transaction was rolled back when one of its statements failed");
    };
    return new EmbeddedTransaction({
      run: (sql, args) => {
        ensureOpen();
        return this.#run(sql, args);
      },
      exec: (sql) => {
        ensureOpen();
        begun.exec(sql);
      },
      rollback: () => rollback(begun),
      end: () => {
        this.#inTransaction = false;
        this.#turn.end();
      },
    });
  }

  sync(): Promise<never> {
    return Promise.reject(new Error("an embedded file has no server to sync with"));
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#kept.clear();
    this.#firsts.clear();
    disconnect(this.#database, this.#options);
  }

  /** A new connection. The one way to free a statement that failed half way: the binding cannot reset it. */
  reconnect(): void {
    const former = this.#database;
    this.#database = this.#connect();
    this.#kept.clear();
    this.#firsts.clear();
    this.closed = false;
    rollback(former);
    former.close();
  }

  #connect(): Database.Database {
    // The binding's own waiting would stop the event loop: no timeout here.
    const database = new Database(this.#options.target, { timeout: 0 });
    // A damaged page is refused when it is first read, where SQLite can tell at all.
    database.exec("PRAGMA cell_size_check = ON");
    // What was acknowledged survives power loss. This needs no lock.
    if (!this.#options.readOnly) {
      database.exec("PRAGMA synchronous = FULL");
      enlargeCache(database);
    }
    return database;
  }

  /** Runs `work` between BEGIN IMMEDIATE and COMMIT, with no turn of the event loop in between. */
  #write<Result>(work: () => Result): Promise<Result> {
    const startedMs = performance.now();
    return this.#turn.run(() => this.#whenFree(startedMs, () => this.#between("BEGIN IMMEDIATE", work)));
  }

  #between<Result>(begin: string, work: () => Result): Result {
    this.#database.exec(begin);
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      if (!this.closed) rollback(this.#database);
      throw error;
    }
  }

  /** Marked in the same step: a call that came in between would run inside the transaction. */
  #begin(begin: string): Database.Database {
    this.#database.exec(begin);
    this.#inTransaction = true;
    return this.#database;
  }

  /** Tries until no other process holds the lock that `attempt` needs, without holding the event loop meanwhile. */
  async #whenFree<Result>(startedMs: number, attempt: () => Result): Promise<Result> {
    for (let waits = 0; ; waits++) {
      if (this.closed) throw new Error("the database was closed while a call waited for its turn");
      try {
        return attempt();
      } catch (error) {
        if (!isBusy(error) || performance.now() - startedMs >= this.#options.busyTimeoutMs) throw error;
      }
      await delay(LOCK_WAITS_MS[Math.min(waits, LOCK_WAITS_MS.length - 1)]);
    }
  }

  #run(sql: string, args?: InArgs): ResultSet {
    const { statement, reader, columns } = this.#kept.get(sql) ?? this.#prepare(sql);
    const values = bindable(args);
    try {
      // .all() and not .get(): a writing statement that is not read to its end stays open, and with it its lock.
      if (reader) return resultSet(columns, statement.all(values) as unknown as Row[], 0);
      return resultSet(columns, [], statement.run(values).changes);
    } catch (error) {
      this.#recover(sql, error);
      throw error;
    }
  }

  #prepare(sql: string, all = this.#kept): KeptStatement {
    const statement = this.#database.prepare(sql);
    const reader = statement.reader;
    if (reader) statement.raw(true);
    const kept = { statement, reader, columns: reader ? statement.columns().map((column) => column.name) : [] };
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
    const { path } = this.#options;
    const failedHalfWay = !isBusy(error) && !codeOf(error).startsWith("SQLITE_CONSTRAINT");
    // Opening a path whose file is gone would make an empty file and delete its -wal.
    if (failedHalfWay && path !== undefined && existsSync(path)) this.reconnect();
  }
}

/** Reads the file. What is wrong with it, the first statement says: this one only makes the others faster. */
function enlargeCache(database: Database.Database): void {
  try {
    database.exec(`PRAGMA cache_size = ${-PAGE_CACHE_KIB}`);
  } catch {}
}

function rollback(database: Database.Database): void {
  if (database.open && database.inTransaction) database.exec("ROLLBACK");
}

/** Kept statements hold a closed connection open until they are collected, and with it the -wal: what it holds goes into the file first. */
function disconnect(database: Database.Database, { readOnly }: Options): void {
  rollback(database);
  try {
    if (!readOnly) database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch {
    // Another process reads, or the disk is full: the -wal keeps what it has, and the next one to close tries again.
  }
  database.close();
}

function resultSet(columns: string[], rows: Row[], rowsAffected: number): ResultSet {
  return { columns, columnTypes: [], rows, rowsAffected, lastInsertRowid: undefined, toJSON };
}

function toJSON(this: ResultSet) {
  return { columns: this.columns, rows: this.rows, rowsAffected: this.rowsAffected };
}

/** The binding aborts the process when it is given a boolean, and refuses dates and array buffers. */
function bindable(args: InArgs | undefined): unknown[] | Record<string, unknown> {
  if (args === undefined) return [];
  if (Array.isArray(args)) return args.every(isPlain) ? args : args.map(toPlain);
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, toPlain(value)]));
}

function isPlain(value: InValue): boolean {
  return value === null || typeof value === "string" || typeof value === "number";
}

function toPlain(value: InValue): unknown {
  if (typeof value === "boolean") return Number(value);
  if (value instanceof Date) return value.valueOf();
  return value instanceof ArrayBuffer ? new Uint8Array(value) : value;
}

/** The code of an error of the binding, or an empty text. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** Whether another connection held a lock that the statement needed. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_(?:BUSY|LOCKED)/.test(codeOf(error));
}
