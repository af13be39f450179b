import { setTimeout as delay } from "node:timers/promises";
import { HiveCatalogError } from "../../errors.ts";
import { isError } from "../errors.ts";

type Failure = {
  /** Whether the server may have done what it was asked. */
  mayHaveHappened: boolean;
  /** Whether the same request may succeed a moment later. */
  isTransient: boolean;
  cause?: unknown;
};

/** A server could not be used: CATALOG_UNAVAILABLE, with what is known of the request that failed. */
export class RequestError extends HiveCatalogError {
  readonly mayHaveHappened: boolean;
  readonly isTransient: boolean;

  constructor(message: string, { mayHaveHappened, isTransient, cause }: Failure) {
    super("CATALOG_UNAVAILABLE", message, { cause });
    this.mayHaveHappened = mayHaveHappened;
    this.isTransient = isTransient;
  }
}

type SendOptions = {
  /** The server's URL as it may be shown. */
  server: string;
  /** Ends the request; its reason is the error to throw. */
  signal: AbortSignal;
  /** Whether the request may be sent again although it may have happened. */
  isRepeatable: boolean;
  /** Told when it is sent again although it may have happened. */
  onRepeat: () => void;
};

/** Codes of a connection that did not come about: nothing was sent. */
const NOT_CONNECTED = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;
/** Codes of one that is not trusted: nothing was sent, and nothing will be. */
const NOT_TRUSTED = /CERT|SELF_SIGNED|^UNABLE_TO_VERIFY/;
/** The code of one on which something else than TLS is spoken: the same holds. */
const NOT_TLS = "ERR_SSL_WRONG_VERSION_NUMBER";
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 2000;

/**
 * Sends a request until it has an answer, as long as that does no harm; the whole answer is read before `signal` ends it. If time runs out,
 * the error of an attempt that left open what happened is thrown. Throws a RequestError, whose message holds no header, no body and no statement.
 */
export async function sendRepeatedly(request: Request, options: SendOptions): Promise<Response> {
  let last: RequestError | undefined;
  let open: RequestError | undefined;
  for (let attempt = 0; ; attempt++) {
    try {
      return await send(request.clone(), options);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      if (options.signal.aborted) throw last ? explained(error, open ?? last) : error;
      if (error.mayHaveHappened) {
        if (!options.isRepeatable) throw error;
        open = error;
      }
      if (!error.isTransient) throw open ?? error;
      last = error;
    }
    if (open) options.onRepeat();
    await pause(attempt, options.signal).catch(() => {
      throw open ?? last;
    });
  }
}

/** Full jitter: clients that failed together do not come back together. Rejects when `signal` ends it. */
export async function pause(attempt: number, signal: AbortSignal, atMostMs = MAX_PAUSE_MS): Promise<void> {
  const pauseMs = Math.random() * Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
  await delay(Math.min(atMostMs, pauseMs), undefined, { signal });
}

function explained(late: RequestError, before: RequestError): RequestError {
  const { isTransient, cause } = late;
  const mayHaveHappened = late.mayHaveHappened || before.mayHaveHappened;
  return new RequestError(`${late.message}; before that, ${before.message}`, { mayHaveHappened, isTransient, cause });
}

async function send(request: Request, { server, signal }: SendOptions): Promise<Response> {
  let status: number;
  let body: string;
  try {
    signal.throwIfAborted();
    // An answer of another server than the one that was asked is none.
    const response = await fetch(request, { signal, redirect: "manual" });
    status = response.status;
    body = await response.text();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw unreachable(server, error);
  }
  // A success without an answer leaves open what happened.
  if (status >= 300) throw refused(server, status);
  if (!isPipelineAnswer(body)) throw notLibsql(server);
  return new Response(body, { headers: { "content-type": "application/json" } });
}

function unreachable(server: string, error: unknown): RequestError {
  const code = innermostCode(error);
  const unsent = (problem: string, isTransient: boolean) =>
    new RequestError(problem, { mayHaveHappened: false, isTransient, cause: error });
  if (NOT_CONNECTED.test(code)) return unsent(`the server ${server} cannot be reached (${code})`, true);
  const why = whyNever(server, code, error);
  if (why !== undefined) return unsent(why, false);
  const message = `the connection to the server ${server} was cut before the answer came${code && ` (${code})`}`;
  return new RequestError(message, { mayHaveHappened: true, isTransient: true, cause: error });
}

/** Why no request will reach the server as it is called. */
function whyNever(server: string, code: string, error: unknown): string | undefined {
  if (NOT_TRUSTED.test(code)) return `the certificate of the server ${server} is not accepted (${code})`;
  if (code === NOT_TLS)
    return `the server ${server} speaks no TLS there (${code}): the URL of one that does not begins with http:`;
  const isAtBadPort = isError(error) && isError(error.cause) && error.cause.message === "bad port";
  return isAtBadPort ? `the server ${server} cannot be reached: fetch asks nobody at this port` : undefined;
}

/** A proxy may say 503 of a server that broke off in the middle: like every 5xx, it leaves open what happened. */
function refused(server: string, status: number): RequestError {
  const failure = { mayHaveHappened: status >= 500, isTransient: status >= 500 || status === 429 };
  return new RequestError(`the server ${server} ${refusalOf(status)} (HTTP ${status})`, failure);
}

function refusalOf(status: number): string {
  if (status === 401 || status === 403) return "does not accept the authToken";
  if (status === 429) return "gets too many requests";
  return status >= 500 ? "failed" : "is no libSQL server, or refuses its protocol";
}

/** The answer was not of the protocol: who answered is not known, and so neither is what happened. */
export function notLibsql(server: string): RequestError {
  const failure = { mayHaveHappened: true, isTransient: true };
  return new RequestError(`what answered at ${server} does not speak the protocol of a libSQL server`, failure);
}

/** https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_2_SPEC.md: what @libsql/client does not look for, it stumbles over. */
function isPipelineAnswer(body: string): boolean {
  try {
    const answer: unknown = JSON.parse(body);
    return typeof answer === "object" && answer !== null && "results" in answer && Array.isArray(answer.results);
  } catch {
    return false;
  }
}

/** What stands behind fetch's "fetch failed". */
function innermostCode(error: unknown): string {
  for (let cause = error; isError(cause); cause = cause.cause) {
    if ("code" in cause && typeof cause.code === "string") return cause.code;
  }
  return "";
}
