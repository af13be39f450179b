import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import Database from "libsql";
import {
  type Batch,
  type BatchResult,
  type Condition,
  type DescribeResult,
  type ErrorBody,
  encodeValue,
  RequestError,
  type SqlValue,
  type Stmt,
  type StmtResult,
} from "./protocol.ts";
import { argumentsOf, readSql, type SqlKind, statementsOf } from "./sql.ts";

/** The SQL text that a statement names, directly or by the number of a stored one. */
export type FindSql = (text: { sql?: string | null | undefined; sql_id?: number | null | undefined }) => string;

export type ConnectionOptions = {
  path: string;
  /** How long a statement waits for a lock, in ms. */
  busyTimeoutMs: number;
  /** Longer texts and BLOBs are SQLITE_TOOBIG. */
  maxRowBytes: number;
  readonly durability: Durability;
};

/** As `durability_mode` of a sqld, at its admin address: `strong` syncs each commit to the disk. */
export type Durability = { mode: "relaxed" | "strong" };

const SYNCHRONOUS = { relaxed: "NORMAL", strong: "FULL" } as const;

const LOCK_WAIT_MS = 5;
/** SQLite's result codes that carry a further part of their own, as the binding names them. */
const PRIMARY_CODE = /^(?:SQLITE_CANTOPEN|SQLITE_[A-Z]+)/;
const SYNTAX_ERROR = /syntax error|incomplete input|unrecognized token/;
/** Errors of which SQLite knows where in the text they are. */
const PLACED_ERROR = /^(?:no such (?:column|function)|ambiguous column name|misuse of|wrong number of arguments)/;

/**
 * One connection to the served file. Whatever writes takes the lock first, by `exec("BEGIN IMMEDIATE")`, and waits for it in
 * JavaScript. A statement that met SQLITE_BUSY after all (the first write of a deferred transaction) cannot be reset by the binding:
 * its connection is replaced, which rolls its transaction back.
 */
export class HranaConnection {
  readonly #options: ConnectionOptions;
  #database: Database.Database;
  #closed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#database = this.#open();
  }

  /** For the next stream that has this connection: as the server is set now. */
  renew(): void {
    this.#setUp(this.#database);
  }

  get isAutocommit(): boolean {
    return !this.#database.inTransaction;
  }

  async execute(stmt: Stmt, findSql: FindSql): Promise<StmtResult> {
    const sql = findSql(stmt);
    const text = readSql(sql);
    const args = argumentsOf(stmt, text);
    if (text.kind === "write" && this.isAutocommit) {
      await this.#exec("BEGIN IMMEDIATE");
      return this.#committed(() => this.#run(sql, args, text.kind));
    }
    if (text.kind === "begin" || (text.kind === "control" && !/^\s*pragma/i.test(sql))) {
      await this.#exec(sql);
      return { cols: [], rows: [], affected_row_count: 0, last_insert_rowid: null };
    }
    return this.#run(sql, args, text.kind);
  }

  /** A step that is no SQL fails the batch before anything of it runs. */
  async batch({ steps }: Batch, findSql: FindSql): Promise<BatchResult> {
    for (const { stmt } of steps) this.#checkSyntax(findSql(stmt));
    const results: (StmtResult | null)[] = [];
    const errors: (ErrorBody | null)[] = [];
    for (const { condition, stmt } of steps) {
      let result: StmtResult | null = null;
      let error: ErrorBody | null = null;
      if (!condition || this.#holds(condition, results)) {
        try {
          result = await this.execute(stmt, findSql);
        } catch (reason) {
          if (!(reason instanceof RequestError)) throw reason;
          error = reason.toBody();
        }
      }
      results.push(result);
      errors.push(error);
    }
    return { step_results: results, step_errors: errors };
  }

  /**
   * Several statements, separated by semicolons, each for itself; the first failure ends them, but none runs when one is no SQL. Only
   * the first waits for the lock.
   */
  async sequence(sql: string): Promise<void> {
    for (const statement of statementsOf(sql)) this.#checkSyntax(statement);
    if (this.isAutocommit) await this.#exec("BEGIN IMMEDIATE; COMMIT");
    try {
      this.#database.exec(sql);
    } catch (error) {
      throw toRequestError(error);
    }
  }

  /** The names of parameters are as the text has them; `is_readonly` is told by the lock that SQLite's own plan takes. */
  describe(sql: string): DescribeResult {
    const { parameters } = readSql(sql);
    const nulls = parameters.map(() => null);
    const isExplain = /^\s*explain/i.test(sql);
    try {
      const statement = this.#database.prepare(sql);
      const plan = isExplain ? [] : (this.#database.prepare(`EXPLAIN ${sql}`).raw(true).all(nulls) as SqlValue[][]);
      return {
        params: parameters.map((name) => ({ name })),
        cols: statement.reader ? columnsOf(statement) : [],
        is_explain: isExplain,
        is_readonly: !plan.some((step) => step[1] === "Transaction" && Number(step[3]) > 0),
      };
    } catch (error) {
      throw toRequestError(error);
    }
  }

  /** Ends a transaction that is still open: nothing of it stays. */
  rollback(): void {
    if (!this.#closed && this.#database.inTransaction) this.#database.exec("ROLLBACK");
  }

  close(): void {
    if (this.#closed) return;
    this.rollback();
    this.#closed = true;
    this.#database.close();
  }

  #checkSyntax(sql: string): void {
    readSql(sql);
    try {
      this.#database.prepare(sql);
    } catch (error) {
      // What else is wrong with it may be right once those before it have run.
      if (error instanceof Error && SYNTAX_ERROR.test(error.message)) throw toRequestError(error);
    }
  }

  #open(): Database.Database {
    // The binding's own waiting would stop the event loop: no timeout here.
    const database = new Database(this.#options.path, { timeout: 0 });
    this.#setUp(database);
    return database;
  }

  #setUp(database: Database.Database): void {
    database.exec(`PRAGMA synchronous = ${SYNCHRONOUS[this.#options.durability.mode]}`);
  }

  /** Statements without arguments and rows, waiting for the lock. `exec` leaves nothing open when it meets SQLITE_BUSY. */
  async #exec(sql: string): Promise<void> {
    const startedMs = performance.now();
    for (;;) {
      if (this.#closed) throw new RequestError("SQLITE_MISUSE", "SQLite error: the connection was closed");
      try {
        this.#database.exec(sql);
        return;
      } catch (error) {
        const canWait = isBusy(error) && this.isAutocommit;
        if (!canWait || performance.now() - startedMs >= this.#options.busyTimeoutMs) throw toRequestError(error);
      }
      await delay(LOCK_WAIT_MS);
    }
  }

  #committed(work: () => StmtResult): StmtResult {
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.rollback();
      throw toRequestError(error);
    }
  }

  /** Of a value that is handed over, and of one that is read. */
  #checkSize(value: SqlValue, code: "ARGS_INVALID" | "SQLITE_TOOBIG"): void {
    const isTooBig =
      (typeof value === "string" || value instanceof Uint8Array) && value.length > this.#options.maxRowBytes;
    if (isTooBig) throw new RequestError(code, "string or blob too big");
  }

  #run(sql: string, args: SqlValue[], kind: SqlKind): StmtResult {
    for (const value of args) this.#checkSize(value, "ARGS_INVALID");
    try {
      const statement = this.#database.prepare(sql);
      if (!statement.reader) {
        const { changes, lastInsertRowid } = statement.run(args);
        return { cols: [], rows: [], affected_row_count: changes, last_insert_rowid: String(lastInsertRowid) };
      }
      const rows = statement.raw(true).safeIntegers(true).all(args) as unknown as SqlValue[][];
      for (const value of rows.flat()) this.#checkSize(value, "SQLITE_TOOBIG");
      const effect = kind === "write" ? this.#effect() : { affected_row_count: 0, last_insert_rowid: null };
      return { cols: columnsOf(statement), rows: rows.map((row) => row.map(encodeValue)), ...effect };
    } catch (error) {
      if (isBusy(error)) this.#replace();
      throw toRequestError(error);
    }
  }

  /** What the last statement changed, for one that returned rows: the binding does not say. */
  #effect(): Pick<StmtResult, "affected_row_count" | "last_insert_rowid"> {
    const statement = this.#database.prepare("SELECT changes(), last_insert_rowid()").raw(true).safeIntegers(true);
    const [row] = statement.all() as unknown as SqlValue[][];
    return { affected_row_count: Number(row?.[0]), last_insert_rowid: String(row?.[1]) };
  }

  #replace(): void {
    this.rollback();
    this.#database.close();
    this.#database = this.#open();
  }

  #holds(condition: Condition, results: (StmtResult | null)[]): boolean {
    const holds = (other: Condition) => this.#holds(other, results);
    switch (condition.type) {
      case "ok":
        return (results[condition.step] ?? null) !== null;
      case "error":
        // One that was passed over has not succeeded either.
        return (results[condition.step] ?? null) === null;
      case "not":
        return !holds(condition.cond);
      case "and":
        return condition.conds.every(holds);
      case "or":
        return condition.conds.some(holds);
      case "is_autocommit":
        return this.isAutocommit;
    }
  }
}

function columnsOf(statement: Database.Statement): { name: string; decltype: string | null }[] {
  return statement.columns().map(({ name, type }) => ({ name, decltype: type }));
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^SQLITE_(?:BUSY|LOCKED)/.test(String(error.code));
}

/** As sqld sends it: SQLITE_ERROR never, but what its own parser, or SQLite's, finds wrong with the text; else the primary code. */
function toRequestError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof RequestError) return error;
  const { message } = error;
  const code = ("code" in error && PRIMARY_CODE.exec(String(error.code))?.[0]) || "SQLITE_ERROR";
  if (code !== "SQLITE_ERROR") return new RequestError(code, `SQLite error: ${message}`);
  if (SYNTAX_ERROR.test(message)) {
    return new RequestError("SQL_PARSE_ERROR", `SQL string could not be parsed: ${message}`);
  }
  if (PLACED_ERROR.test(message))
    return new RequestError("SQL_INPUT_ERROR", `SQL input error: ${message} (at offset 0)`);
  return new RequestError("SQLITE_UNKNOWN", `SQLite error: ${message}`);
}
