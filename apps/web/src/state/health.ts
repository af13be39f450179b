import { signal } from "@preact/signals";
import type { Schema } from "@repo/queen-client";
import { client } from "./api.ts";
import { onNews } from "./live.ts";

/** What the queen makes of what she hears of the fleet. */
export const condition = signal<Schema<"QueenCondition"> | undefined>(undefined);

export async function readCondition(): Promise<void> {
  const health = await client.value.getHealth().catch(() => undefined);
  if (health !== undefined) condition.value = health.liveness;
}

onNews((news) => {
  if (news === "missed" || news.some(({ type }) => type === "liveness")) void readCondition();
});
