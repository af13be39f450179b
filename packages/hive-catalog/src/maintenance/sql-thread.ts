import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { SqlClient, SqlResult, SqlRow, SqlStatement } from "../drivers/client.ts";

/** What reads a catalog: a file through a thread, or a server. */
export type Reader = Pick<SqlClient, "execute" | "first" | "close">;

type Options = {
  /** What the binding opens: a path or a `file:` URI with SQLite's own parameters. */
  target: string;
  /** How long a statement waits for another process that holds the lock, in ms. */
  busyTimeoutMs: number;
};
type Answer = { rows: SqlRow[] } | { error: { code: string; message: string } };

const WORKER = import.meta.url && new URL("./sql-thread-worker.js", import.meta.url);

/**
 * One connection in a thread of its own: statements that take seconds and waits for locks leave the event loop alone, and when the thread
 * ends, its connection is closed for certain. (A closed connection of this thread lives on, with its locks, until
 * its statements are collected.)
 */
export class SqlThread implements Reader {
  readonly #worker: Worker;
  readonly #ended: Promise<unknown>;

  constructor(options: Options) {
    this.#worker = new Worker(WORKER, { workerData: options, execArgv: [] });
    this.#ended = once(this.#worker, "exit").catch(() => {});
  }

  /**
   * One statement at a time. Text columns must be selected as hexadecimal: the binding aborts the process at text that is not UTF-8.
   */
  async execute({ sql, args }: SqlStatement): Promise<SqlResult> {
    this.#worker.postMessage({ sql, args });
    const [answer]: Answer[] = await once(this.#worker, "message");
    if (answer && "rows" in answer) return { rows: answer.rows, rowsAffected: 0 };
    throw Object.assign(new Error(answer?.error.message), { code: answer?.error.code });
  }

  async first(statement: SqlStatement): Promise<SqlRow | undefined> {
    return (await this.execute(statement)).rows[0];
  }

  close(): void {
    void this.end();
  }

  /**
   * Resolves when the thread is gone, and its connection with it; a statement that runs is waited for. Never `terminate`: the binding
   * aborts the whole process when its thread is ended while a statement runs.
   */
  async end(): Promise<void> {
    this.#worker.postMessage({});
    await this.#ended;
  }
}
