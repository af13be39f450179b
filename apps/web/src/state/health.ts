import { signal } from "@preact/signals";
import { QueenProblem, type Schema } from "@repo/queen-client";
import { client } from "./api.ts";
import { onNews } from "./live.ts";
import { oneAtATime } from "./repeat.ts";

/** What the queen makes of what she hears of the fleet. */
export const condition = signal<Schema<"QueenCondition"> | undefined>(undefined);
/** How many queens run on her catalog beside her. */
export const otherQueens = signal(0);
/** Why her catalog takes no change, said of it; undefined while it does. */
export const catalogFault = signal<string | undefined>(undefined);

/** While a lock is held, an answer takes seconds. */
export const readCondition = oneAtATime(async () => {
  await Promise.all([readHealth(), readReadiness()]);
});

async function readHealth(): Promise<void> {
  const health = await client.value.getHealth().catch(() => undefined);
  if (health === undefined) return;
  condition.value = health.liveness;
  otherQueens.value = health.other_queens;
}

async function readReadiness(): Promise<void> {
  try {
    await client.value.isReady();
    catalogFault.value = undefined;
  } catch (error) {
    // Of a queen that is not heard the page says just that.
    if (!(error instanceof QueenProblem)) return;
    catalogFault.value = error.errors.find(({ field }) => field === "catalog")?.message;
  }
}

onNews((news) => {
  if (news === "missed" || news.some(({ type }) => type === "liveness")) void readCondition();
});
