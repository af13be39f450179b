import { useComputed, useSignal } from "@preact/signals";
import { now } from "../state/clock.ts";
import { lostAtMs } from "../state/live.ts";
import { durationText, timeText } from "../words/amounts.ts";

/** How long ago something was; it counts on by itself, and is grey while nothing is heard of the queen. */
export function Age({ sinceMs, suffix = "" }: { sinceMs: number; suffix?: string }) {
  const since = useSignal(sinceMs);
  since.value = sinceMs;
  const text = useComputed(() => durationText(Math.max(0, now.value - since.value)) + suffix);
  const className = useComputed(() => (lostAtMs.value === null ? "age" : "age is-old"));
  return (
    <time class={className} dateTime={new Date(sinceMs).toISOString()} title={timeText(sinceMs)}>
      {text}
    </time>
  );
}
