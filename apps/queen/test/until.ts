import { setTimeout as delay } from "node:timers/promises";

const DEADLINE_MS = 25_000;
const [SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS] = [5, 50];

/** Polls until `condition` gives something else than undefined or false, and returns that; throws after 25 s. Asks more seldom the longer it waits. */
export async function until<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const begunMs = performance.now();
  for (;;) {
    const found = await condition();
    if (found !== undefined && found !== false) return found;
    const waitedMs = performance.now() - begunMs;
    if (waitedMs > DEADLINE_MS) throw new Error(`waited ${DEADLINE_MS} ms in vain until ${what}`);
    await delay(Math.min(Math.max(SHORTEST_PAUSE_MS, waitedMs / 10), LONGEST_PAUSE_MS));
  }
}
