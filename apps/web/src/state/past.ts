import { signal } from "@preact/signals";
import type { QueenEvent } from "@repo/queen-client";
import { onNews } from "./live.ts";

const MAX_KEPT = 500;

/** What happened while this page was open, the newest first; what every few seconds changes of workers is left out. */
export const past = signal<readonly QueenEvent[]>([]);
/** Whether some of it was missed. */
export const hasGap = signal(false);

onNews((news) => {
  if (news === "missed") {
    hasGap.value = true;
    return;
  }
  const told = news.filter(({ type }) => type !== "workers" && type !== "hello");
  if (told.length > 0) past.value = [...told.toReversed(), ...past.value].slice(0, MAX_KEPT);
});
