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

/** While something is away each heartbeat fails for it: a fleet of 10,000 would fill the log with it. */
const TOLD_AGAIN_AFTER_MS = 10_000;

interface Parts {
  metrics: Metrics;
  log: FastifyBaseLogger;
  clock: Clock;
}

/** Finds out how errors are answered, counts them, and says in the log what their callers alone need not know. */
export class ProblemNotes {
  readonly #parts: Parts;
  /** Of what was away: when the log told of it last, and how many requests have failed for it since. */
  readonly #away = new Map<ProblemCode, { toldAtMs: number; more: number }>();

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
    else if (status === 502) {
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
    const nowMs = this.#parts.clock.monotonicNow();
    const before = this.#away.get(code);
    if (before !== undefined && nowMs - before.toldAtMs < TOLD_AGAIN_AFTER_MS) {
      before.more += 1;
      log.debug(what, "request failed");
      return;
    }
    this.#away.set(code, { toldAtMs: nowMs, more: 0 });
    log.warn({ ...what, ...(before && before.more > 0 && { more: before.more }) }, "request failed");
  }
}
