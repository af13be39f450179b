import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import Database from "libsql";
import type { Durability } from "./connection.ts";
import { PipelineError, parsePipeline } from "./protocol.ts";
import { HranaStreams } from "./streams.ts";

export type TestServerOptions = {
  /** The file to serve; made when it is missing, in a folder that is there. */
  path: string;
  /** If given, requests without `Authorization: Bearer <authToken>` get 401. */
  authToken?: string | undefined;
  /** How long a stream waits for its next request before its transaction is rolled back, in ms: default 10,000, as sqld. */
  streamTimeoutMs?: number | undefined;
  /** How long a statement waits for a lock before it answers SQLITE_BUSY, in ms: default 5,000. */
  busyTimeoutMs?: number | undefined;
  /** Longer texts and BLOBs are SQLITE_TOOBIG: default 5,000,000, as sqld. */
  maxRowBytes?: number | undefined;
  /** A longer answer is RESPONSE_TOO_LARGE: default 10,000,000, as sqld. */
  maxResponseBytes?: number | undefined;
};

export type TestServer = AsyncDisposable & {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly port: number;
  /** Streams that wait for their next request, such as open transactions. */
  readonly openStreams: number;
  /** `relaxed` at first, as a sqld is after each start. */
  readonly durability: Durability;
  /** Cuts all connections, rolls open transactions back and closes the file. */
  close(): Promise<void>;
};

/**
 * A small libSQL server for tests, on loopback and any free port, over a real SQLite file: Hrana 2 and 3 over HTTP in JSON, which is what
 * @libsql/client speaks. Written from the published protocol, after the sources of sqld 0.24 and what one answered: its codes, its limits, its
 * `synchronous = NORMAL`, which does not sync a commit to the disk until it is told to.
 *
 * What it leaves out: protobuf, cursors, WebSockets (404), TLS, JWTs with rights (the token is compared as it is),
 * namespaces, replicas, and taking the lock away from a transaction that holds it too long.
 * A deferred transaction whose first write meets a lock is rolled back at once; a `sequence` waits for the lock before its first
 * statement alone; PRAGMAs of one stream may be seen by a later one. The limit of a value holds for those that are handed over and read, where
 * sqld has it for whole rows and within expressions, too. sqld answers 400 to a condition on a later step, runs a `sequence` up to what is no SQL
 * without an error, and `describe`s more. What wedges sqld, many writers at once, does not harm this one.
 * Statements run inside the event loop of this process. The binding aborts the process when it reads a TEXT that is not UTF-8: select
 * such a column as a BLOB, as the catalog does. It reads a TEXT up to its first NUL; one in an argument is refused. An infinite
 * REAL cannot be told in JSON.
 */
export async function startTestServer(options: TestServerOptions): Promise<TestServer> {
  const { path, authToken, streamTimeoutMs = 10_000, busyTimeoutMs = 5000 } = options;
  const { maxRowBytes = 5_000_000, maxResponseBytes = 10_000_000 } = options;
  const database = new Database(path);
  database.exec("PRAGMA journal_mode = WAL");
  database.close();
  const durability: Durability = { mode: "relaxed" };
  const streams = new HranaStreams({
    path,
    streamTimeoutMs,
    busyTimeoutMs,
    maxRowBytes,
    maxResponseBytes,
    durability,
  });
  const server = createServer((request, response) => {
    answer(streams, authToken, request).then(
      (result) => send(response, result),
      (error: unknown) => send(response, toAnswer(error)),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    const closed = server.listening ? once(server, "close") : undefined;
    server.close();
    server.closeAllConnections();
    await closed;
    streams.close();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    durability,
    get openStreams() {
      return streams.size;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

const ROUTE = /^(GET|POST) \/v([23])(\/pipeline)?$/;

type Answer = { status: number; body: string | object };

async function answer(streams: HranaStreams, authToken: string | undefined, request: IncomingMessage): Promise<Answer> {
  const [, method, version, isPipeline] = ROUTE.exec(`${request.method} ${request.url}`) ?? [];
  if (method === undefined || version === undefined) return { status: 404, body: "" };
  if (method === "GET" && !isPipeline)
    return { status: 200, body: `Hello, this is HTTP API v${version} (Hrana over HTTP)` };
  if (method === "GET" || !isPipeline) return { status: 405, body: "" };
  if (authToken !== undefined && !isSame(request.headers.authorization ?? "", `Bearer ${authToken}`)) {
    return { status: 401, body: { error: "Unauthorized: `The authentication token is missing or wrong`" } };
  }
  const pipeline = parsePipeline(await text(request));
  const { baton, results } = await streams.run(pipeline, version === "3" ? 3 : 2);
  return { status: 200, body: { baton, base_url: null, results } };
}

function toAnswer(error: unknown): Answer {
  if (!(error instanceof PipelineError)) return { status: 500, body: { error: String(error) } };
  const { status, message, code } = error;
  return { status, body: code === undefined ? message : { message, code } };
}

function send(response: ServerResponse, { status, body }: Answer): void {
  const isText = typeof body === "string";
  response.writeHead(status, { "content-type": isText ? "text/plain" : "application/json" });
  response.end(isText ? body : JSON.stringify(body));
}

function isSame(given: string, wanted: string): boolean {
  const hash = (value: string) => createHash("sha256").update(value).digest();
  return timingSafeEqual(hash(given), hash(wanted));
}
