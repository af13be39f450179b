import { signal } from "@preact/signals";
import type { QueenEvent } from "@repo/queen-client";
import { useEffect } from "preact/hooks";
import { eventText } from "../words/events.ts";
import { client } from "./api.ts";
import { numberOf } from "./event-ids.ts";
import { lostAtMs, onNews } from "./live.ts";
import { endSession } from "./session.ts";

const MAX_KEPT = 500;
/** What of workers changes every few seconds is none of them: it would be all that is kept. */
const KINDS = ["status", "cordon", "operation", "hive_added", "hive_changed", "hive_removed", "liveness"] as const;
/** What has come of the backlog is shown so often: its end is not said where its last events are of another kind. */
const SHOW_MS = 100;
/** A backlog that does not end by then is read as far as it came. */
const MAX_BACKLOG_MS = 10_000;

/** What happened since the queen started, as far as she keeps it, the newest first; what of workers changes every few seconds is left out. */
const past = signal<readonly PastEvent[]>([]);
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

const isTold = ({ type }: QueenEvent): boolean => KINDS.some((kind) => kind === type);

onNews((news) => {
  if (news === "missed") {
    hasGap.value = true;
    return;
  }
  const told = news.filter(isTold).map(toPast);
  if (told.length > 0) past.value = [...told.toReversed(), ...past.value].slice(0, MAX_KEPT);
});

/** For a view that shows it: what happened before the page was opened is read once, as soon as the queen is heard. */
export function usePast(): readonly PastEvent[] {
  const isHeard = lostAtMs.value === null;
  useEffect(() => void readPast(), [isHeard]);
  return past.value;
}

let isRead = false;

async function readPast(): Promise<void> {
  if (isRead) return;
  isRead = true;
  try {
    await readBacklog();
  } catch (error) {
    isRead = false;
    endSession(error);
  }
}

async function readBacklog(): Promise<void> {
  const { position } = await client.value.listFleet({ limit: 1 });
  const newest = numberOf(position);
  if (newest === 0) return;
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(MAX_BACKLOG_MS)]);
  const before: PastEvent[] = [];
  const timer = setInterval(() => showBefore(before.splice(0)), SHOW_MS);
  try {
    const after = `${position.slice(0, position.lastIndexOf("-"))}-0`;
    for await (const event of client.value.readEvents({ after, kind: [...KINDS], signal })) {
      if (numberOf(event.id) <= newest && isTold(event)) before.push(toPast(event));
      if (numberOf(event.id) >= newest) over.abort();
    }
  } finally {
    clearInterval(timer);
    showBefore(before);
  }
}

function showBefore(events: readonly PastEvent[]): void {
  if (events.length === 0) return;
  const known = new Set(past.value.map(({ id }) => id));
  const added = events.filter(({ id }) => !known.has(id));
  past.value = [...past.value, ...added]
    .toSorted((a, b) => b.atMs - a.atMs || numberOf(b.id) - numberOf(a.id))
    .slice(0, MAX_KEPT);
}
