import { QueenNoAnswer } from "./errors.ts";

/** A timer of more fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Lets time pass; rejects with the reason of the signal when that comes first. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

export const wait: Wait = (ms, signal) =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });

/** What a promise resolves to, unless that takes too long. */
export async function within<T>(timeoutMs: number, promise: Promise<T>, late: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const lateness = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new QueenNoAnswer("timed_out", late)), Math.min(timeoutMs, MAX_TIMER_MS));
  });
  try {
    return await Promise.race([promise, lateness]);
  } finally {
    clearTimeout(timer);
  }
}
