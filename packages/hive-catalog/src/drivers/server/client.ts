import { performance } from "node:perf_hooks";
import { type Client, createClient, LibsqlError, type ResultSet } from "@libsql/client/http";
import { catalogClosed, HiveCatalogError } from "../../errors.ts";
import { after, atNextTurn, cancel } from "../../event-loop.ts";
import { invalidArgument } from "../../model/check.ts";
import type { RequestOptions, SqlClient, SqlResult, SqlRow, SqlStatement, SqlValue } from "../client.ts";
import { outcomeUnknown } from "../errors.ts";
import { Slots } from "../slots.ts";
import { notLibsql, pause, RequestError, sendRepeatedly } from "./request.ts";

type ServerOptions = {
  url: string;
  /** The URL as it may be shown. */
  name: string;
  authToken?: string | undefined;
  /** How long a request may take, attempts and waiting for its turn included, in ms; one with a deadline of its own may have less time left. */
  requestTimeoutMs: number;
};

type Send = (request: Request) => Promise<Response>;
type Call = RequestOptions & { readonly isRead: boolean };

const READS = /^\s*(?:(?:select|values|explain)\b|pragma \w+$)/i;
/** As visible ASCII: what else stands in a header makes fetch throw an error that shows it. */
const TOKEN_PATTERN = /^[!-~]+$/;
/** Reads at one time; the others wait. */
const MAX_READS = 20;
/** Of several writers at once sqld stops taking writes for good, seen with version 0.24.33; one after the other they are faster, too. */
const MAX_CHANGES = 1;
/** Longer ones would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** Another has the lock, or the server took it away: nothing has happened. */
const LOCK_CODES = /^(?:SQLITE_(?:BUSY|LOCKED)|TRANSACTION_(?:BUSY|TIMEOUT))/;
/** Beside twice the time of an attempt, what the last one is given. */
const SPARE_MS = 100;
/** What sqld says in place of SQLITE_ERROR. */
const STATEMENT_CODES = /^(?:SQL_INPUT_ERROR|SQL_PARSE_ERROR|SQLITE_UNKNOWN)$/;
/** What it says in place of SQLITE_TOOBIG of an answer as a whole. */
const TOO_LARGE = "RESPONSE_TOO_LARGE";

/**
 * A libSQL server over HTTP, with a deadline for all that is asked. Reads and repeatable changes are sent again while there is time; another
 * change only if it surely did not happen, and CATALOG_OUTCOME_UNKNOWN says of it that it may have.
 */
export class ServerClient implements SqlClient {
  readonly #options: ServerOptions;
  /** Of each request what ends it. */
  readonly #running = new Set<() => void>();
  readonly #reads = new Slots(MAX_READS);
  readonly #changes = new Slots(MAX_CHANGES);
  #isClosed = false;

  /** Throws INVALID_ARGUMENT. */
  constructor(options: ServerOptions) {
    const { url, authToken, requestTimeoutMs } = options;
    // A server answers WebSockets and HTTP at the same port; only HTTP can be given a deadline.
    this.#options = { ...options, url: url.replace(/^ws/i, "http") };
    if (requestTimeoutMs > MAX_TIMER_MS) throw invalidArgument("requestTimeoutMs", `must be at most ${MAX_TIMER_MS}`);
    if (authToken !== undefined && !(typeof authToken === "string" && TOKEN_PATTERN.test(authToken))) {
      throw invalidArgument("authToken", "must be visible ASCII characters without spaces");
    }
    if (new URL(url).username !== "" || new URL(url).password !== "") {
      throw invalidArgument("location", "must not hold a user name or a password; hand the token over as authToken");
    }
    try {
      this.#connect(fetch);
    } catch {
      // What is wrong with it may be a secret.
      const rule = "must be the URL of a libSQL server, without '#' and without parameters but tls";
      throw invalidArgument("location", rule);
    }
  }

  async execute(statement: SqlStatement, options: RequestOptions = {}): Promise<SqlResult> {
    const call = { ...options, isRead: READS.test(statement.sql) };
    const { result, isRepeat } = await this.#call(call, (client) => client.execute(toStatement(statement)));
    return toResult(result, isRepeat);
  }

  async first(statement: SqlStatement, options?: RequestOptions): Promise<SqlRow | undefined> {
    return (await this.execute(statement, options)).rows[0];
  }

  async batch(statements: readonly SqlStatement[], options: RequestOptions = {}): Promise<readonly SqlResult[]> {
    const call = { ...options, isRead: false };
    const { result, isRepeat } = await this.#call(call, (client) => client.batch(statements.map(toStatement), "write"));
    return result.map((one) => toResult(one, isRepeat));
  }

  /** A server takes a change or refuses it; there is nothing that could be asked before. */
  async checkWritable(): Promise<void> {}

  /** Ends what is running. */
  close(): void {
    this.#isClosed = true;
    for (const end of this.#running) end();
  }

  /** Costs no connection: those belong to `fetch`. One for each call, so that a call has its own deadline. */
  #connect(send: Send): Client {
    const { url, authToken } = this.#options;
    return createClient({ url, ...(authToken === undefined ? {} : { authToken }), fetch: send });
  }

  async #call<Result>(
    call: Call,
    work: (client: Client) => Promise<Result>,
  ): Promise<{ result: Result; isRepeat: boolean }> {
    let isRepeat = false;
    const onRepeat = () => {
      isRepeat = true;
    };
    const { deadlineMs = performance.now() + this.#options.requestTimeoutMs } = call;
    const tried = (send: Send, signal: AbortSignal) =>
      onceUnlocked(() => work(this.#connect(send)), signal, deadlineMs);
    try {
      return { result: await this.#within({ ...call, deadlineMs }, tried, onRepeat), isRepeat };
    } catch (error) {
      throw this.#toError(error, call);
    }
  }

  /** Gives `work` a way to send requests that ends at the deadline, once it is its turn. */
  async #within<Result>(
    { isRead, isRepeatable = false, deadlineMs, signal: given }: Call & { deadlineMs: number },
    work: (send: Send, signal: AbortSignal) => Promise<Result>,
    onRepeat: () => void,
  ): Promise<Result> {
    if (this.#isClosed) throw catalogClosed();
    given?.throwIfAborted();
    const { name: server, requestTimeoutMs } = this.#options;
    const controller = new AbortController();
    const { signal } = controller;
    let isSent = false;
    const late = () => {
      const message = `the server ${server} did not answer within ${requestTimeoutMs} ms`;
      return new RequestError(message, { mayHaveHappened: isSent, isTransient: false });
    };
    const leftMs = deadlineMs - performance.now();
    if (leftMs <= 0) throw late();
    const timer = after(() => controller.abort(late()), leftMs);
    const leave = () => controller.abort(given?.reason);
    given?.addEventListener("abort", leave);
    const end = () => {
      const closed = catalogClosed();
      // Whoever asked for a change wants to know more than that the catalog is closed.
      const leftOpen = new RequestError(closed.message, { mayHaveHappened: true, isTransient: false });
      controller.abort(isSent && !isRead ? leftOpen : closed);
    };
    this.#running.add(end);
    try {
      const slots = isRead ? this.#reads : this.#changes;
      await slots.take(signal);
      isSent = true;
      try {
        const options = { server, signal, isRepeatable: isRead || isRepeatable, onRepeat };
        return await work((request) => sendRepeatedly(request, options), signal);
      } finally {
        // Calls that waited and whose deadline comes at the same moment leave first: they are not sent for nothing.
        if (signal.aborted) atNextTurn(() => slots.release());
        else slots.release();
      }
    } finally {
      cancel(timer);
      given?.removeEventListener("abort", leave);
      this.#running.delete(end);
    }
  }

  /** What a server answered passes on with its SQLite code. Messages of others may hold anything. */
  #toError(error: unknown, call: Call): unknown {
    const { name: server } = this.#options;
    if (call.signal?.aborted && error === call.signal.reason) return error;
    if (error instanceof RequestError) return withOutcome(error, call);
    if (error instanceof HiveCatalogError) return error;
    if (!(error instanceof LibsqlError) || error.code === "HRANA_PROTO_ERROR") {
      return withOutcome(notLibsql(server), call);
    }
    if (STATEMENT_CODES.test(error.code)) return withCode("SQLITE_ERROR", error);
    if (error.code === TOO_LARGE) return withCode("SQLITE_TOOBIG", error);
    if (LOCK_CODES.test(error.code)) {
      return new HiveCatalogError("CATALOG_BUSY", `the server ${server} gave the lock to another; try again`);
    }
    if (error.code.startsWith("SQLITE_")) return error;
    const message = `the server ${server} refused a statement (${error.code})`;
    return new HiveCatalogError("CATALOG_UNAVAILABLE", message);
  }
}

/**
 * Does `work` again while another has the lock. The last time is early enough for its answer: a change that is under way at the deadline would
 * leave open what happened.
 */
async function onceUnlocked<Result>(
  work: () => Promise<Result>,
  signal: AbortSignal,
  deadlineMs: number,
): Promise<Result> {
  for (let attempt = 0; ; attempt++) {
    const startedMs = performance.now();
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof LibsqlError) || !LOCK_CODES.test(error.code)) throw error;
      const nowMs = performance.now();
      const leftMs = deadlineMs - nowMs - 2 * (nowMs - startedMs) - SPARE_MS;
      if (leftMs <= 0) throw error;
      await pause(attempt, signal, leftMs).catch(() => {
        throw error;
      });
    }
  }
}

/** An error of the server by the code that SQLite would have given it. */
function withCode(code: string, { message, cause, ...details }: LibsqlError): Error {
  const { statementIndex } = details as { statementIndex?: number };
  return Object.assign(new Error(message, { cause }), { code, statementIndex });
}

/** Says of a change that it may have been made, where that is not known. */
function withOutcome(error: RequestError, { isRead, isRepeatable }: Call): HiveCatalogError {
  return isRead || !error.mayHaveHappened ? error : outcomeUnknown(error.message, { isRepeatable, cause: error });
}

function toStatement({ sql, args }: SqlStatement): { sql: string; args: SqlValue[] } {
  return { sql, args: [...args] };
}

/** The rows of @libsql/client are objects with the names of the columns, too. */
function toResult({ rows, rowsAffected }: ResultSet, isRepeat: boolean): SqlResult {
  return { rows: rows.map((row) => Array.from(row)), rowsAffected, isRepeat };
}
