import { isConnectionEnded, noAnswer, QueenNoAnswer, QueenProblem } from "./errors.ts";
import { follow } from "./follow.ts";
import { type Bytes, jsonLinesOf, parse, SILENCE_MS } from "./lines.ts";
import { secretOf, targetOf, urlOf } from "./target.ts";
import type { AnswerOf, Method, OperationAt, Path, RequestOf, Schema } from "./types.ts";
import { MAX_TIMER_MS, type Wait, wait } from "./waiting.ts";

export interface QueenClientOptions {
  /** Where the queen is: `https://queen.example:8500`, or with the path under which a proxy has her. */
  readonly url: string | URL;
  readonly token?: string | undefined;
  /** In a browser: the key of its session, without which it may only read what a reader may. */
  readonly sessionKey?: string | undefined;
  /** In place of the global one. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** How long a call may take, with its repeats. Of one whose answer comes in pieces: until that begins. Default: 30,000. */
  readonly timeoutMs?: number | undefined;
  /** Told once of each call for many hives that has to wait for its turn. */
  readonly onWait?: (() => void) | undefined;
}

/** Of one call. */
export interface Call {
  /** Rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

interface Patience {
  readonly wait?: Wait;
  /** For how long an answer in lines may say nothing. */
  readonly silenceMs?: number;
}

/** What is sent, whatever the operation. */
interface Parts {
  readonly path?: object | undefined;
  readonly query?: object | undefined;
  readonly body?: unknown;
  /** Of the body. Default: application/json. */
  readonly type?: string;
  /** Of the answer. */
  readonly accept?: string;
  readonly headers?: Record<string, string>;
}

/** Whether something is asked again, and who is told. */
interface Repeats {
  readonly mayRepeat: (error: unknown, repeats: number) => boolean;
  readonly onWait?: (() => void) | undefined;
}

const NEVER_REPEATED: Repeats = { mayRepeat: () => false };
const TIMEOUT_MS = 30_000;
const MAX_REPEATS = 3;
/** Of what is said in plain text by whoever answers in place of a queen. */
const MAX_SENTENCE = 200;

/** Sends what a queen is asked, and reads what she answers. */
export class Requests {
  readonly #url: URL;
  readonly #token: string | undefined;
  readonly #sessionKey: string | undefined;
  readonly #fetch: typeof globalThis.fetch;
  readonly #timeoutMs: number;
  readonly #onWait: (() => void) | undefined;
  readonly #wait: Wait;
  readonly #silenceMs: number;

  constructor(options: QueenClientOptions, { wait: waits = wait, silenceMs = SILENCE_MS }: Patience = {}) {
    this.#url = urlOf(options.url);
    this.#token = secretOf("token", options.token);
    this.#sessionKey = secretOf("sessionKey", options.sessionKey);
    // A browser's fetch is called on nothing else than its window.
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#onWait = options.onWait;
    this.#wait = waits;
    this.#silenceMs = silenceMs;
  }

  /** The JSON that is answered. What only reads is asked again where the queen says when, and once where a connection ended just then. */
  json<By extends Method, At extends Path>(
    method: By,
    path: At,
    request: RequestOf<OperationAt<At, By>>,
    call: Call = {},
    { maxRepeats = MAX_REPEATS } = {},
  ): Promise<AnswerOf<OperationAt<At, By>>> {
    return this.#inTime(`${method.toUpperCase()} ${path}`, call, async (signal, endMs) => {
      const send = () => this.#send(method, path, request, signal);
      const mayRepeat = (error: unknown, repeats: number) =>
        method === "get" && ((repeats < maxRepeats && isBusy(error)) || (repeats === 0 && isConnectionEnded(error)));
      const response = await this.#repeated(send, { mayRepeat, signal, endMs });
      return (await jsonIn(response, method)) as AnswerOf<OperationAt<At, By>>;
    });
  }

  /** The lines of an answer that is NDJSON, each as it comes; the last is of the type `end`. */
  async *lines<Line extends { readonly type: string }>(
    method: Method,
    path: Path,
    request: Parts,
    call: Call = {},
  ): AsyncGenerator<Line, void, undefined> {
    const lines = { ...request, accept: "application/x-ndjson" };
    // Of what is refused so, nothing was begun.
    const body = await this.stream(method, path, lines, call, { mayRepeat: isOneTooMany, onWait: this.#onWait });
    yield* jsonLinesOf<Line>(body, { signal: call.signal, silenceMs: this.#silenceMs });
  }

  /** The body of an answer that comes in pieces. From there on whoever reads it sees to the signal. */
  stream(
    method: Method,
    path: Path,
    request: Parts & { accept: string },
    call: Call,
    { mayRepeat, onWait }: Repeats = NEVER_REPEATED,
  ): Promise<Bytes> {
    return this.#inTime(`${method.toUpperCase()} ${path}`, call, async (signal, endMs) => {
      const send = () => this.#send(method, path, request, signal);
      const { headers, status, body } = await this.#repeated(send, { mayRepeat, onWait, signal, endMs });
      if (body !== null && headers.get("content-type")?.startsWith(request.accept)) return body;
      await body?.cancel();
      throw sendsNo(request.accept, status);
    });
  }

  /** What `send` resolves to, once more each time that the queen says when, as long as there is time for it. */
  async #repeated<T>(
    send: () => Promise<T>,
    { mayRepeat, onWait, signal, endMs }: Repeats & { signal: AbortSignal; endMs: number },
  ): Promise<T> {
    for (let repeats = 0; ; repeats += 1) {
      try {
        return await send();
      } catch (error) {
        const waitMs = mayRepeat(error, repeats) ? retryAfterOf(error) : undefined;
        if (waitMs === undefined || performance.now() + waitMs > endMs) throw error;
        if (repeats === 0) onWait?.();
        await this.#wait(waitMs, signal);
      }
    }
  }

  async #inTime<T>(
    what: string,
    { signal: given, timeoutMs = this.#timeoutMs }: Call,
    work: (signal: AbortSignal, endMs: number) => Promise<T>,
  ): Promise<T> {
    const ending = new AbortController();
    const { signal } = ending;
    const leave = given && follow(given, () => ending.abort(given.reason));
    const lateness = new QueenNoAnswer("timed_out", `${what} was not answered within ${timeoutMs} ms`);
    const timer = setTimeout(() => ending.abort(lateness), Math.min(timeoutMs, MAX_TIMER_MS));
    try {
      return await work(signal, performance.now() + timeoutMs);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      clearTimeout(timer);
      leave?.();
    }
  }

  /** The answer to one request. Throws what is none of success. */
  async #send(method: Method, path: Path, request: Parts, signal: AbortSignal): Promise<Response> {
    const { body, type = "application/json", accept } = request;
    const init: RequestInit = {
      method: method.toUpperCase(),
      headers: {
        ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
        ...(this.#sessionKey !== undefined && { "x-queen-key": this.#sessionKey }),
        ...(body !== undefined && { "content-type": type }),
        ...(accept !== undefined && { accept }),
        ...request.headers,
      },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      // A queen sends nobody elsewhere: a token would go along.
      redirect: "error",
      signal,
    };
    const response = await this.#fetch(targetOf(this.#url, path, request), init).catch((error) => {
      throw noAnswer(`${this.#url.origin} cannot be reached`, error);
    });
    if (response.ok) return response;
    throw problemIn(response, await response.text().catch(broken));
  }
}

const broken = (error: unknown): never => {
  throw noAnswer("the connection broke", error);
};

const isNoSuccess = (error: unknown): error is QueenProblem | QueenNoAnswer =>
  error instanceof QueenProblem || error instanceof QueenNoAnswer;

/** The queen has no time now, or whatever stands before her. */
const isBusy = (error: unknown): boolean => isNoSuccess(error) && error.status === 503;

const isOneTooMany = (error: unknown): boolean => error instanceof QueenProblem && error.code === "TOO_MANY_REQUESTS";

const retryAfterOf = (error: unknown): number | undefined =>
  isConnectionEnded(error) ? 0 : isNoSuccess(error) ? error.retryAfterMs : undefined;

const sendsNo = (what: string, status: number): QueenNoAnswer =>
  new QueenNoAnswer("not_a_queen", `what answered is no queen: it sends no ${what}`, { status });

/** A status alone says nothing of who answered: the page to log in to a proxy has 200. What is deleted is answered with 204 and nothing. */
async function jsonIn(response: Response, method: Method): Promise<unknown> {
  const { status, headers } = response;
  const text = await response.text().catch(broken);
  if (method === "delete" && status !== 204) throw sendsNo("204 for what it deletes", status);
  if (method === "delete") return undefined;
  if (!headers.get("content-type")?.startsWith("application/json")) throw sendsNo("application/json", status);
  return parse(text);
}

function problemIn({ status, headers }: Response, text: string): QueenProblem | QueenNoAnswer {
  const retryAfter = headers.get("retry-after") ?? "";
  const retryAfterMs = /^\d+$/.test(retryAfter) ? Math.min(Number(retryAfter) * 1000, MAX_TIMER_MS) : undefined;
  const problem = /^application\/problem\+json\b/.test(headers.get("content-type") ?? "") && parse(text);
  if (isProblem(problem)) return new QueenProblem(problem, retryAfterMs);
  const sentence = sentenceIn(headers, text);
  const said = `HTTP ${status}${sentence === "" ? "" : `: ${sentence.slice(0, MAX_SENTENCE)}`}`;
  return new QueenNoAnswer("not_a_queen", `no answer of a queen came, but ${said}`, { status, retryAfterMs });
}

/** What is told of an answer that is no queen's: where it leads, as from http to https, or the first line of a plain text. */
function sentenceIn(headers: Headers, text: string): string {
  const location = headers.get("location");
  // Behind a question mark there may be what is for nobody to see.
  if (location !== null) return `it leads to ${location.split(/[?#]/, 1)[0]}`;
  return /^text\/plain\b/.test(headers.get("content-type") ?? "") ? (text.trim().split("\n", 1)[0] ?? "") : "";
}

const isProblem = (json: unknown): json is Schema<"Problem"> =>
  typeof json === "object" && json !== null && "code" in json && "detail" in json && "status" in json;
