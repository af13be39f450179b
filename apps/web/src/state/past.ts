import { signal } from "@preact/signals";
import type { QueenEvent } from "@repo/queen-client";
import { eventText } from "../words/events.ts";
import { client } from "./api.ts";
import { numberOf } from "./event-ids.ts";
import { onNews } from "./live.ts";

const MAX_KEPT = 500;
/** Of those before this page was opened. */
const MAX_READ = 1000;
/** A backlog that does not end by then is read as far as it came. */
const MAX_BACKLOG_MS = 10_000;

/** What happened since the queen started, as far as she keeps it, the newest first; what of workers changes every few seconds is left out. */
export const past = signal<readonly PastEvent[]>([]);
/** Whether some of it was missed. */
export const hasGap = signal(false);

/** An event in words. */
export interface PastEvent {
  readonly id: string;
  readonly atMs: number;
  readonly hiveId: string | undefined;
  readonly text: string;
}

function toPast({ id, type, data }: QueenEvent): PastEvent {
  const { at_ms: atMs = 0, hive_id: hiveId } = data as { at_ms?: number; hive_id?: string };
  return { id, atMs, hiveId, text: eventText(type, data as Record<string, unknown>) };
}

const isTold = ({ type }: QueenEvent): boolean => type !== "workers" && type !== "hello" && type !== "gap";

onNews((news) => {
  if (news === "missed") {
    hasGap.value = true;
    return;
  }
  const told = news.filter(isTold).map(toPast);
  if (told.length > 0) past.value = [...told.toReversed(), ...past.value].slice(0, MAX_KEPT);
});

let isRead = false;

/** Reads what happened before this page was opened, once. */
export async function readPast(): Promise<void> {
  if (isRead) return;
  isRead = true;
  const { position } = await client.value.listFleet({ limit: 1 });
  const newest = numberOf(position);
  if (newest === 0) return;
  const start = position.slice(0, position.lastIndexOf("-"));
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(MAX_BACKLOG_MS)]);
  const before: PastEvent[] = [];
  for await (const event of client.value.readEvents({ after: `${start}-${Math.max(0, newest - MAX_READ)}`, signal })) {
    if (numberOf(event.id) <= newest && isTold(event)) before.push(toPast(event));
    if (numberOf(event.id) >= newest) over.abort();
  }
  const known = new Set(past.value.map(({ id }) => id));
  past.value = [...past.value, ...before.filter(({ id }) => !known.has(id)).toReversed()].slice(0, MAX_KEPT);
}
