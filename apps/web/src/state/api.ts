import { signal } from "@preact/signals";
import { QueenClient, QueenNoAnswer, QueenProblem } from "@repo/queen-client";
import { ROOT } from "./place.ts";

/** Kept for this queen alone: another may be below another path of the same origin. */
const KEY = `queen-key ${ROOT.pathname}`;

export const client = signal(clientWith(localStorage.getItem(KEY)));

function clientWith(sessionKey: string | null): QueenClient {
  return new QueenClient({ url: ROOT, ...(sessionKey !== null && { sessionKey }) });
}

export const hasSessionKey = (): boolean => localStorage.getItem(KEY) !== null;

/** The key that this browser's session needs for every change; null when there is none any more. */
export function setSessionKey(key: string | null): void {
  if (key === null) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, key);
  client.value = clientWith(key);
}

/** Hears that another tab has another key, or none any more: all of them have the same session. */
export function onOtherKey(listen: () => void): void {
  addEventListener("storage", ({ key, newValue }) => {
    if (key !== KEY) return;
    client.value = clientWith(newValue);
    listen();
  });
}

/** What went wrong, as one reads it: a sentence, and the code under which the documentation says more. */
export interface Fault {
  readonly text: string;
  readonly code: string | undefined;
  readonly status: number | undefined;
}

export function faultOf(error: unknown): Fault {
  if (error instanceof QueenProblem) return { text: error.detail, code: error.code, status: error.status };
  const status = error instanceof QueenNoAnswer ? error.status : undefined;
  return { text: error instanceof Error ? error.message : String(error), code: undefined, status };
}
