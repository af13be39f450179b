import type { FastifyRequest } from "fastify";
import { type Problem, toProblem } from "./errors.ts";
import type { AppParts } from "./parts.ts";
import type { ProblemCode } from "./problems.ts";

/** What callers bring about as often as they like: a metric counts it, and the log would be theirs to fill. */
const OF_CALLERS: Partial<Record<ProblemCode, string>> = {
  REQUEST_ABORTED: "a caller broke its request off",
  TOO_MANY_READERS: "a reader of events was turned away",
};

/** How an error is answered: counts it, and says in the log what its caller alone need not know. */
export function notedProblem(
  error: unknown,
  request: Pick<FastifyRequest, "id" | "ip" | "log">,
  { metrics, log }: Pick<AppParts, "metrics" | "log">,
): Problem {
  const problem = toProblem(error, request.id);
  const { code, status } = problem;
  metrics.problems.inc({ code });
  const ofCaller = OF_CALLERS[code];
  if (ofCaller !== undefined) log.debug({ remote: request.ip, request_id: request.id }, ofCaller);
  else if (status === 502) {
    request.log.warn({ code, detail: problem.message, request_id: request.id }, "a hive did not answer as it should");
  } else if (status >= 500) {
    const { cause: err = problem } = problem;
    // What is away comes back by itself.
    const level = status === 503 ? "warn" : "error";
    request.log[level]({ err, code, request_id: request.id }, "request failed");
  }
  return problem;
}
