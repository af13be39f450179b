import { randomBytes } from "node:crypto";
import { type ConnectionOptions, type FindSql, HranaConnection } from "./connection.ts";
import {
  type Condition,
  PipelineError,
  type PipelineRequest,
  RequestError,
  type StreamRequest,
  type StreamResponse,
  type StreamResult,
} from "./protocol.ts";

type StreamOptions = ConnectionOptions & {
  /** How long a stream waits for its next request before it is closed and its transaction rolled back, in ms. */
  streamTimeoutMs: number;
  /** The rows of a longer answer are RESPONSE_TOO_LARGE. */
  maxResponseBytes: number;
};

type HranaVersion = 2 | 3;

type Stream = {
  readonly connection: HranaConnection;
  readonly storedSql: Map<number, string>;
  isOpen: boolean;
};

type Waiting = { readonly stream: Stream; readonly expiry: NodeJS.Timeout };

const MAX_STORED_SQL = 50;
const MAX_IDLE_CONNECTIONS = 16;

/**
 * The streams of a server: each has a connection of its own for as long as it lives. Between two requests it is known by its
 * baton alone, which is good for one request.
 */
export class HranaStreams {
  readonly #options: StreamOptions;
  readonly #waiting = new Map<string, Waiting>();
  readonly #expired = new Set<string>();
  readonly #connections = new Set<HranaConnection>();
  /** Opened once, used by one stream after another: a closed connection keeps its file open until its statements are collected. */
  readonly #idle: HranaConnection[] = [];

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  /** Streams that wait for their next request. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Runs the requests one after the other, and resolves to the results and to the baton of the next request: null once the stream is closed. */
  async run(
    { baton, requests }: PipelineRequest,
    version: HranaVersion,
  ): Promise<{ baton: string | null; results: StreamResult[] }> {
    const stream = this.#acquire(baton ?? undefined);
    try {
      const results: StreamResult[] = [];
      for (const request of requests) {
        checkVersion(request, version);
        results.push(await this.#answer(stream, request));
      }
      return { baton: stream.isOpen ? this.#release(stream) : null, results };
    } catch (error) {
      this.#end(stream);
      throw error;
    }
  }

  close(): void {
    for (const { expiry } of this.#waiting.values()) clearTimeout(expiry);
    this.#waiting.clear();
    for (const connection of this.#connections) connection.close();
    this.#connections.clear();
  }

  #acquire(baton: string | undefined): Stream {
    if (baton === undefined) return { connection: this.#connect(), storedSql: new Map(), isOpen: true };
    const waiting = this.#waiting.get(baton);
    if (waiting === undefined) {
      if (!this.#expired.has(baton)) throw new PipelineError(400, "Received an invalid baton");
      throw new PipelineError(400, "The stream has expired due to inactivity", "STREAM_EXPIRED");
    }
    this.#waiting.delete(baton);
    clearTimeout(waiting.expiry);
    return waiting.stream;
  }

  #release(stream: Stream): string {
    const baton = randomBytes(24).toString("base64url");
    const expiry = setTimeout(() => {
      this.#waiting.delete(baton);
      this.#expired.add(baton);
      this.#end(stream);
    }, this.#options.streamTimeoutMs);
    expiry.unref();
    this.#waiting.set(baton, { stream, expiry });
    return baton;
  }

  #connect(): HranaConnection {
    const connection = this.#idle.pop() ?? new HranaConnection(this.#options);
    connection.renew();
    this.#connections.add(connection);
    return connection;
  }

  #end(stream: Stream): void {
    if (!stream.isOpen) return;
    stream.isOpen = false;
    stream.connection.rollback();
    if (this.#idle.length < MAX_IDLE_CONNECTIONS) {
      this.#idle.push(stream.connection);
      return;
    }
    this.#connections.delete(stream.connection);
    stream.connection.close();
  }

  async #answer(stream: Stream, request: StreamRequest): Promise<StreamResult> {
    try {
      const response = await this.#handle(stream, request);
      if (JSON.stringify(response).length > this.#options.maxResponseBytes) {
        throw new RequestError("RESPONSE_TOO_LARGE", "Response is too large");
      }
      return { type: "ok", response };
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return { type: "error", error: error.toBody() };
    }
  }

  async #handle(stream: Stream, request: StreamRequest): Promise<StreamResponse> {
    const { connection, storedSql } = stream;
    if (!stream.isOpen && request.type !== "close") throw new PipelineError(400, "The stream has been closed");
    const findSql: FindSql = (text) => sqlOf(text, storedSql);
    switch (request.type) {
      case "close":
        this.#end(stream);
        return { type: "close" };
      case "execute":
        return { type: "execute", result: await connection.execute(request.stmt, findSql) };
      case "batch":
        return { type: "batch", result: await connection.batch(request.batch, findSql) };
      case "sequence":
        await connection.sequence(findSql(request));
        return { type: "sequence" };
      case "describe":
        return { type: "describe", result: connection.describe(findSql(request)) };
      case "store_sql":
        store(storedSql, request.sql_id, request.sql);
        return { type: "store_sql" };
      case "close_sql":
        storedSql.delete(request.sql_id);
        return { type: "close_sql" };
      case "get_autocommit":
        return { type: "get_autocommit", is_autocommit: connection.isAutocommit };
    }
  }
}

/** Of a request, or of a condition in a batch, that version 2 does not have. */
function checkVersion(request: StreamRequest, version: HranaVersion): void {
  if (version === 3) return;
  const isNewer = request.type === "batch" && request.batch.steps.some(({ condition }) => condition && asks(condition));
  if (!isNewer && request.type !== "get_autocommit") return;
  const what = isNewer ? "`is_autocommit`" : "`get_autocommit`";
  throw new PipelineError(400, `${what} is only supported in protocol version Hrana3 and higher`);
}

function asks(condition: Condition): boolean {
  if (condition.type === "not") return asks(condition.cond);
  if (condition.type === "and" || condition.type === "or") return condition.conds.some(asks);
  return condition.type === "is_autocommit";
}

function sqlOf({ sql, sql_id }: Parameters<FindSql>[0], storedSql: ReadonlyMap<number, string>): string {
  const id = sql_id ?? undefined;
  if (typeof sql === "string" && id === undefined) return sql;
  if (typeof sql === "string" || id === undefined)
    throw new PipelineError(400, "exactly one of sql and sql_id is needed");
  const stored = storedSql.get(id);
  if (stored === undefined) throw new PipelineError(400, `SQL text ${id} was not found`);
  return stored;
}

function store(storedSql: Map<number, string>, id: number, sql: string): void {
  if (storedSql.has(id)) throw new PipelineError(400, `SQL text ${id} is stored already`);
  if (storedSql.size >= MAX_STORED_SQL) {
    throw new RequestError(
      "SQL_STORE_TOO_MANY",
      `The server already stores ${storedSql.size} SQL texts, it cannot store more`,
    );
  }
  storedSql.set(id, sql);
}
