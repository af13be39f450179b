import { AsyncLocalStorage } from "node:async_hooks";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { pauseMs, RemoteError } from "./request.ts";

/** When the running call has to end, by the monotonic clock. Nothing enters it where there is no server: it costs every promise of the process a little. */
const deadlines = new AsyncLocalStorage<number | undefined>();

/** Runs a call that has to end within `timeoutMs`, with all that it asks of a server. */
export function withDeadline<Result>(timeoutMs: number, work: () => Result): Result {
  return deadlines.run(performance.now() + timeoutMs, work);
}

/** Runs a part of a call, such as a page of a list, whose requests each have a deadline of their own. */
export function withoutDeadline<Result>(work: () => Result): Result {
  return deadlines.getStore() === undefined ? work() : deadlines.run(undefined, work);
}

/** The deadline of the running call; `timeoutMs` from now where it has none. */
export function deadlineOf(timeoutMs: number): number {
  return deadlines.getStore() ?? performance.now() + timeoutMs;
}

/** Runs `work` once more for each attempt that may or may not have happened; `isRepeat` says so to it. */
export type Retry = <Result>(work: (isRepeat: boolean) => Promise<Result>) => Promise<Result>;

/**
 * Attempts that may or may not have happened are repeated until the deadline of the call, or within `timeoutMs`. If time runs out, the
 * error of an attempt that left it open is thrown.
 */
export function retryWithin(timeoutMs: number): Retry {
  return async (work) => {
    const deadlineMs = deadlineOf(timeoutMs);
    let open: RemoteError | undefined;
    for (let attempt = 0; ; attempt++) {
      try {
        return await (open ? before(deadlineMs, work(true), open) : work(false));
      } catch (error) {
        if (!(error instanceof RemoteError)) throw error;
        if (error.mayHaveHappened) open = error;
        if (open === undefined) throw error;
        const pause = pauseMs(attempt);
        if (!error.isTransient || performance.now() + pause >= deadlineMs) throw open;
        await delay(pause);
      }
    }
  };
}

/** For a catalog whose driver always knows what happened. */
export const withoutRetry: Retry = (work) => work(false);

/** The attempt itself ends by a deadline that may be later. */
async function before<Result>(deadlineMs: number, attempt: Promise<Result>, error: RemoteError): Promise<Result> {
  const controller = new AbortController();
  const timeout = delay(Math.max(0, deadlineMs - performance.now()), undefined, { signal: controller.signal });
  try {
    return await Promise.race([attempt, timeout.then(() => Promise.reject(error))]);
  } finally {
    controller.abort();
  }
}
