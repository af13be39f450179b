import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { pauseMs, RemoteError } from "./remote-request.ts";

/** Runs `work` once more for each attempt that may or may not have happened; `isRepeat` says so to it. */
export type Retry = <Result>(work: (isRepeat: boolean) => Promise<Result>) => Promise<Result>;

/**
 * Attempts that may or may not have happened are repeated within `timeoutMs`, counted from the first. If time runs out, the error of an
 * attempt that left it open is thrown.
 */
export function retryWithin(timeoutMs: number): Retry {
  return async (work) => {
    const deadlineMs = performance.now() + timeoutMs;
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

/** The attempt itself ends by its own deadline, which is later. */
async function before<Result>(deadlineMs: number, attempt: Promise<Result>, error: RemoteError): Promise<Result> {
  const controller = new AbortController();
  const timeout = delay(Math.max(0, deadlineMs - performance.now()), undefined, { signal: controller.signal });
  try {
    return await Promise.race([attempt, timeout.then(() => Promise.reject(error))]);
  } finally {
    controller.abort();
  }
}
