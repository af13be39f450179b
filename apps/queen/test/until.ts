import { setTimeout as delay } from "node:timers/promises";

const DEADLINE_MS = 25_000;
const POLL_MS = 5;

/** Polls until `condition` gives something else than undefined or false, and returns that; throws after 25 s. */
export async function until<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const found = await condition();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadlineMs) throw new Error(`waited ${DEADLINE_MS} ms in vain until ${what}`);
    await delay(POLL_MS);
  }
}
