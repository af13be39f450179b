import type { FastifyBaseLogger, FastifyRequest } from "fastify";
import type { Clock } from "../process/clock.ts";
import type { Metrics } from "../telling/metrics.ts";
import { type Problem, toProblem } from "./errors.ts";
import type { ProblemCode } from "./problems.ts";

/** What callers bring about as often as they like: a metric counts it, and the log would be theirs to fill. */
const OF_CALLERS: Partial<Record<ProblemCode, string>> = {
  REQUEST_ABORTED: "a caller broke its request off",
  TOO_MANY_READERS: "a reader of events was turned away",
};

/** Of whoever tries tokens, has lost his own, or asks too often an operator wants to know from where. */
const OF_TURNED_AWAY: ReadonlySet<ProblemCode> = new Set(["UNAUTHENTICATED", "TOO_MANY_REQUESTS"]);
const TURNED_AWAY = "a caller was turned away, and perhaps more within the minute";
const TURNED_AWAY_TOLD_AGAIN_AFTER_MS = 60_000;

/** While something is away each heartbeat fails for it: a fleet of 10,000 would fill the log with it. */
const AWAY_TOLD_AGAIN_AFTER_MS = 10_000;

interface Parts {
  metrics: Metrics;
  log: FastifyBaseLogger;
  clock: Clock;
}

/** Finds out how errors are answered, counts them, and says in the log what their callers alone need not know. */
export class ProblemNotes {
  readonly #parts: Parts;
  /** Of what may happen very often: when the log told of it last, and how many requests have failed for it since. */
  readonly #told = new Map<ProblemCode, { atMs: number; more: number }>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  noted(error: unknown, request: Pick<FastifyRequest, "id" | "ip" | "log">): Problem {
    const { metrics, log } = this.#parts;
    const problem = toProblem(error, request.id);
    const { code, status } = problem;
    metrics.problems.inc({ code });
    const ofCaller = OF_CALLERS[code];
    if (ofCaller !== undefined) log.debug({ remote: request.ip, request_id: request.id }, ofCaller);
    else if (OF_TURNED_AWAY.has(code)) {
      const what = { remote: request.ip, code, detail: problem.message, request_id: request.id };
      this.#tellNowAndThen(code, TURNED_AWAY_TOLD_AGAIN_AFTER_MS, (more) =>
        log.info({ ...what, ...more }, TURNED_AWAY),
      );
    } else if (status === 502) {
      request.log.warn({ code, detail: problem.message, request_id: request.id }, "a hive did not answer as it should");
    } else if (status >= 500) {
      const { cause: err = problem } = problem;
      const what = { err, code, request_id: request.id };
      if (status === 503) this.#tellAway(code, what, request.log);
      else request.log.error(what, "request failed");
    }
    return problem;
  }

  /** It comes back by itself. */
  #tellAway(code: ProblemCode, what: object, log: FastifyBaseLogger): void {
    const tell = (more: object) => log.warn({ ...what, ...more }, "request failed");
    if (!this.#tellNowAndThen(code, AWAY_TOLD_AGAIN_AFTER_MS, tell)) log.debug(what, "request failed");
  }

  /** Whether it was told. `tell` takes how many there were since that was told last. */
  #tellNowAndThen(code: ProblemCode, againAfterMs: number, tell: (more: { more?: number }) => void): boolean {
    const nowMs = this.#parts.clock.monotonicNow();
    const last = this.#told.get(code);
    if (last !== undefined && nowMs - last.atMs < againAfterMs) {
      last.more += 1;
      return false;
    }
    this.#told.set(code, { atMs: nowMs, more: 0 });
    tell(last !== undefined && last.more > 0 ? { more: last.more } : {});
    return true;
  }
}
