import { performance } from "node:perf_hooks";
import type { Client, InArgs, InStatement, ResultSet, Transaction, TransactionMode } from "@libsql/client";
import { createClient, LibsqlError } from "@libsql/client/http";
import { HiveCatalogError } from "../../errors.ts";
import { invalidArgument } from "../../model/check.ts";
import { redacted } from "../../sql/location.ts";
import { notLibsql, RemoteError, resilientFetch } from "./request.ts";
import { deadlineOf } from "./retry.ts";

export type RemoteOptions = {
  url: string;
  authToken?: string | undefined;
  /** How long what is asked may take, attempts and waiting for its turn included, in ms; a call of the catalog may have less time left. */
  requestTimeoutMs: number;
};

const READS = /^\s*(?:select|values|explain)\b/i;
/** As visible ASCII: what else stands in a header makes fetch throw an error that shows it. */
const TOKEN_PATTERN = /^[!-~]+$/;
/** Requests at one time; the others wait. */
const MAX_REQUESTS = 20;
/** Longer ones would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const UNKNOWN_OUTCOME = "; whether the change was made is not known";
/** The server gave the lock to nobody, or took it away: the transaction did not happen. */
const LOCK_CODES = /^TRANSACTION_(?:BUSY|TIMEOUT)$/;

/** A client for a libSQL server. Throws INVALID_ARGUMENT. */
export function openRemoteClient(options: RemoteOptions): RemoteClient {
  return new RemoteClient(options);
}

/**
 * @libsql/client over HTTP, with a deadline for all that is asked. Reads are sent again while there is time; a statement that changes
 * something only if it surely did not happen. What fails without an answer of the server is a RemoteError.
 */
class RemoteClient implements Client {
  readonly protocol = "http";
  readonly #url: string;
  readonly #server: string;
  readonly #authToken: string | undefined;
  readonly #timeoutMs: number;
  readonly #running = new Set<AbortController>();
  readonly #queue: (() => void)[] = [];
  #slots = MAX_REQUESTS;
  closed = false;

  constructor({ url, authToken, requestTimeoutMs }: RemoteOptions) {
    // A server answers WebSockets and HTTP at the same port; only HTTP can be given a deadline.
    this.#url = url.replace(/^ws/i, "http");
    this.#server = redacted(url);
    this.#authToken = authToken;
    this.#timeoutMs = requestTimeoutMs;
    if (requestTimeoutMs > MAX_TIMER_MS) throw invalidArgument("requestTimeoutMs", `must be at most ${MAX_TIMER_MS}`);
    if (authToken !== undefined && !TOKEN_PATTERN.test(authToken)) {
      throw invalidArgument("authToken", "must be visible ASCII characters without spaces");
    }
    if (new URL(url).username !== "" || new URL(url).password !== "") {
      throw invalidArgument("location", "must not hold a user name or a password; hand the token over as authToken");
    }
    try {
      this.#connect(fetch);
    } catch {
      // What is wrong with it may be a secret.
      throw invalidArgument(
        "location",
        "must be the URL of a libSQL server, without '#' and without parameters but tls",
      );
    }
  }

  execute(statement: InStatement | string, args?: InArgs): Promise<ResultSet> {
    const stmt = typeof statement === "string" ? { sql: statement, args: args ?? [] } : statement;
    return this.#call(READS.test(stmt.sql), (client) => client.execute(stmt));
  }

  batch(statements: Array<InStatement | [string, InArgs?]>, mode?: TransactionMode): Promise<ResultSet[]> {
    return this.#call(mode === "read", (client) => client.batch(statements, mode));
  }

  migrate(statements: InStatement[]): Promise<ResultSet[]> {
    return this.#call(false, (client) => client.migrate(statements));
  }

  executeMultiple(sql: string): Promise<void> {
    return this.#call(false, (client) => client.executeMultiple(sql));
  }

  /** Each request of a transaction has a deadline of its own. */
  async transaction(mode: TransactionMode = "write"): Promise<Transaction> {
    const client = this.#connect((request) => this.#within(false, (send) => send(request)));
    return withRemoteErrors(await client.transaction(mode), (error) => this.#toError(error, false));
  }

  sync(): Promise<never> {
    return Promise.reject(new Error("a server has nothing to sync with"));
  }

  /** Ends what is running. */
  close(): void {
    this.closed = true;
    for (const controller of this.#running) controller.abort(closedError());
  }

  reconnect(): void {
    this.closed = false;
  }

  /** Costs no connection: those belong to `fetch`. One for each call, so that a call has its own deadline. */
  #connect(send: (request: Request) => Promise<Response>): Client {
    const token = this.#authToken === undefined ? {} : { authToken: this.#authToken };
    return createClient({ url: this.#url, ...token, fetch: send });
  }

  async #call<Result>(isRead: boolean, work: (client: Client) => Promise<Result>): Promise<Result> {
    try {
      return await this.#within(isRead, (send) => work(this.#connect(send)));
    } catch (error) {
      throw this.#toError(error, isRead);
    }
  }

  /** Gives `work` a fetch that ends at the deadline, once it is its turn. */
  async #within<Result>(
    isRepeatable: boolean,
    work: (send: (request: Request) => Promise<Response>) => Promise<Result>,
  ): Promise<Result> {
    if (this.closed) throw closedError();
    const controller = new AbortController();
    const { signal } = controller;
    let isSent = false;
    const late = () => {
      const message = `the server ${this.#server} did not answer within ${this.#timeoutMs} ms`;
      return new RemoteError(message, { mayHaveHappened: isSent, isTransient: false });
    };
    const leftMs = deadlineOf(this.#timeoutMs) - performance.now();
    if (leftMs <= 0) throw late();
    const timer = setTimeout(() => controller.abort(late()), leftMs);
    this.#running.add(controller);
    try {
      await this.#takeSlot(signal);
      isSent = true;
      try {
        return await work(resilientFetch({ server: this.#server, signal, isRepeatable }));
      } finally {
        // Calls that waited and whose deadline comes at the same moment leave first: they are not sent for nothing.
        if (signal.aborted) setImmediate(() => this.#freeSlot());
        else this.#freeSlot();
      }
    } finally {
      clearTimeout(timer);
      this.#running.delete(controller);
    }
  }

  async #takeSlot(signal: AbortSignal): Promise<void> {
    if (this.#slots > 0) {
      this.#slots--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.#queue.splice(this.#queue.indexOf(enter), 1);
        reject(signal.reason);
      };
      const enter = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      this.#queue.push(enter);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #freeSlot(): void {
    const next = this.#queue.shift();
    if (next) next();
    else this.#slots++;
  }

  /** What a server answered passes on with its SQLite code; what it did not is a RemoteError. Messages of others may hold anything. */
  #toError(error: unknown, isRead: boolean): Error {
    if (error instanceof RemoteError) return isRead ? error : withOutcome(error);
    if (error instanceof HiveCatalogError) return error;
    if (!(error instanceof LibsqlError) || error.code === "HRANA_PROTO_ERROR") {
      return isRead ? notLibsql(this.#server) : withOutcome(notLibsql(this.#server));
    }
    if (error.code.startsWith("SQLITE_")) return error;
    if (LOCK_CODES.test(error.code)) {
      return new HiveCatalogError("CATALOG_BUSY", `the server ${this.#server} gave the lock to another; try again`);
    }
    const message = `the server ${this.#server} refused a statement (${error.code})`;
    return new RemoteError(message, { mayHaveHappened: false, isTransient: false });
  }
}

function withOutcome(error: RemoteError): RemoteError {
  if (!error.mayHaveHappened || error.message.endsWith(UNKNOWN_OUTCOME)) return error;
  return new RemoteError(error.message + UNKNOWN_OUTCOME, error);
}

function closedError(): HiveCatalogError {
  return new HiveCatalogError("CATALOG_CLOSED", "the catalog is closed");
}

function withRemoteErrors(transaction: Transaction, toError: (error: unknown) => Error): Transaction {
  const mapped = async <Result>(result: Promise<Result>): Promise<Result> => {
    try {
      return await result;
    } catch (error) {
      throw toError(error);
    }
  };
  return {
    execute: (statement) => mapped(transaction.execute(statement)),
    batch: (statements) => mapped(transaction.batch(statements)),
    executeMultiple: (sql) => mapped(transaction.executeMultiple(sql)),
    commit: () => mapped(transaction.commit()),
    rollback: () => mapped(transaction.rollback()),
    close: () => transaction.close(),
    get closed() {
      return transaction.closed;
    },
  };
}
