import type { Schema } from "./types.ts";

type Problem = Schema<"Problem">;

/** What a caller handed in cannot be sent. */
export class UnusableArgument extends TypeError {}

/** The queen answered, and says what is wrong. */
export class QueenProblem extends Error {
  override readonly name = "QueenProblem";
  /** The whole of what she answered: `hives` of a NO_WORKER, for one. */
  readonly problem: Problem;
  readonly code: Problem["code"];
  readonly status: number;
  readonly detail: string;
  /** Each field or parameter that is wrong. */
  readonly errors: Problem["errors"];
  /** Under which her log says more. */
  readonly requestId: string;
  /** How long she asks to wait before the same is tried again. */
  readonly retryAfterMs: number | undefined;

  constructor(problem: Problem, retryAfterMs?: number) {
    super(`${problem.code}: ${problem.detail}`);
    this.problem = problem;
    this.code = problem.code;
    this.status = problem.status;
    this.detail = problem.detail;
    this.errors = problem.errors;
    this.requestId = problem.request_id;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * `unreachable`: nothing answered, or the connection broke. `timed_out`: nothing came in time. `not_a_queen`: what answered is none, such as a
 * proxy, or a server of something else.
 */
export type NoAnswerReason = "unreachable" | "timed_out" | "not_a_queen";

/** No queen answered. Whether she did what was asked is not known, unless it only reads. */
export class QueenNoAnswer extends Error {
  override readonly name = "QueenNoAnswer";
  readonly reason: NoAnswerReason;
  /** Of an answer that is no queen's. */
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(
    reason: NoAnswerReason,
    message: string,
    more: { cause?: unknown; status?: number; retryAfterMs?: number | undefined } = {},
  ) {
    super(message, "cause" in more ? { cause: more.cause } : {});
    this.reason = reason;
    this.status = more.status;
    this.retryAfterMs = more.retryAfterMs;
  }
}

/** Whether an answer that goes wrong so may go well a little later. */
export function mayPass(error: unknown): error is QueenProblem | QueenNoAnswer {
  if (!(error instanceof QueenProblem || error instanceof QueenNoAnswer)) return false;
  const { status } = error;
  return status === undefined || status >= 500 || status === 408 || status === 429;
}

/** What `fetch` says of a connection, which is in the causes of its errors rather than in themselves. */
export function noAnswer(what: string, error: unknown): QueenNoAnswer {
  if (error instanceof QueenNoAnswer) return error;
  return new QueenNoAnswer("unreachable", `${what}: ${reasonIn(error)}`, { cause: error });
}

/** As Node calls a connection that the other side ended, by itself and in its `fetch`. */
const ENDED: ReadonlySet<unknown> = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

/** The connection ended before an answer came: one that was kept, perhaps, and that a proxy gave up just then. */
export function isConnectionEnded(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ("code" in error && ENDED.has(error.code)) || isConnectionEnded(error.cause);
}

function reasonIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause !== undefined) return reasonIn(error.cause);
  // In the words of OpenSSL it is the line of a source file.
  if ("code" in error && error.code === "EPROTO")
    return "what answers there speaks no TLS, or none that is spoken here";
  return error.message || ("code" in error ? String(error.code) : error.name);
}
