import { setTimeout as delay } from "node:timers/promises";
import { HiveCatalogError } from "../../errors.ts";

type Failure = {
  /** Whether the server may have done what it was asked. */
  mayHaveHappened: boolean;
  /** Whether the same request may succeed a moment later. */
  isTransient: boolean;
  cause?: unknown;
};

/** A server could not be used: CATALOG_UNAVAILABLE, with what is known of the request that failed. */
export class RemoteError extends HiveCatalogError {
  readonly mayHaveHappened: boolean;
  readonly isTransient: boolean;

  constructor(message: string, { mayHaveHappened, isTransient, cause }: Failure) {
    super("CATALOG_UNAVAILABLE", message, { cause });
    this.mayHaveHappened = mayHaveHappened;
    this.isTransient = isTransient;
  }
}

type RequestOptions = {
  /** The server's URL as it may be shown. */
  server: string;
  /** Ends the request; its reason is the error to throw. */
  signal: AbortSignal;
  /** Whether the request may be sent again although it may have happened. */
  isRepeatable: boolean;
};

/** Codes of a connection that did not come about: nothing was sent. */
const NOT_CONNECTED = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 2000;

/** Full jitter: clients that failed together do not come back together. */
export function pauseMs(attempt: number): number {
  return Math.random() * Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
}

/**
 * A `fetch` that reads the whole answer before `signal` ends it, and that sends a request again as long as that does no harm.
 * Throws a RemoteError, whose message holds no header, no body and no statement.
 */
export function resilientFetch(options: RequestOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    let last: RemoteError | undefined;
    for (let attempt = 0; ; attempt++) {
      try {
        return await send(request.clone(), options);
      } catch (error) {
        if (!(error instanceof RemoteError)) throw error;
        if (options.signal.aborted && last)
          throw new RemoteError(`${error.message}; before that, ${last.message}`, error);
        if (!error.isTransient || (error.mayHaveHappened && !options.isRepeatable)) throw error;
        last = error;
        await delay(pauseMs(attempt), undefined, { signal: options.signal }).catch(() => {
          throw error;
        });
      }
    }
  };
}

async function send(request: Request, { server, signal }: RequestOptions): Promise<Response> {
  let status: number;
  let body: ArrayBuffer;
  try {
    signal.throwIfAborted();
    // An answer of another server than the one that was asked is none.
    const response = await fetch(request, { signal, redirect: "manual" });
    status = response.status;
    body = await response.arrayBuffer();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw unreachable(server, error);
  }
  if (status !== 200) throw refused(server, status);
  if (!looksLikeJsonObject(body)) throw notLibsql(server);
  return new Response(body, { headers: { "content-type": "application/json" } });
}

function unreachable(server: string, error: unknown): RemoteError {
  const code = codeOf(error);
  if (NOT_CONNECTED.test(code)) {
    const failure = { mayHaveHappened: false, isTransient: true, cause: error };
    return new RemoteError(`the server ${server} cannot be reached (${code})`, failure);
  }
  const message = `the connection to the server ${server} was cut before the answer came${code && ` (${code})`}`;
  return new RemoteError(message, { mayHaveHappened: true, isTransient: true, cause: error });
}

/** A proxy may say 503 of a server that broke off in the middle: like every 5xx, it leaves open what happened. */
function refused(server: string, status: number): RemoteError {
  const failure = { mayHaveHappened: status >= 500, isTransient: status >= 500 || status === 429 };
  if (status === 401 || status === 403) {
    return new RemoteError(`the server ${server} does not accept the authToken (HTTP ${status})`, failure);
  }
  if (status === 429) return new RemoteError(`the server ${server} gets too many requests (HTTP 429)`, failure);
  if (status >= 500) return new RemoteError(`the server ${server} failed (HTTP ${status})`, failure);
  return new RemoteError(`the server ${server} is no libSQL server, or refuses its protocol (HTTP ${status})`, failure);
}

/** The answer was not of the protocol: who answered is not known, and so neither is what happened. */
export function notLibsql(server: string): RemoteError {
  const failure = { mayHaveHappened: true, isTransient: true };
  return new RemoteError(`what answered at ${server} does not speak the protocol of a libSQL server`, failure);
}

function looksLikeJsonObject(body: ArrayBuffer): boolean {
  const bytes = new Uint8Array(body);
  return bytes.at(0) === 0x7b && bytes.at(-1) === 0x7d;
}

/** What stands behind fetch's "fetch failed". */
function codeOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && typeof cause.code === "string") return cause.code;
  }
  return "";
}
