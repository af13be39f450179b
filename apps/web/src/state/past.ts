import { type Signal, signal } from "@preact/signals";
import { keptEvents, placeNumberOf, type QueenEvent } from "@repo/queen-client";
import { useEffect, useMemo } from "preact/hooks";
import { eventText } from "../words/events.ts";
import { client } from "./api.ts";
import { lostAtMs, onNews } from "./live.ts";
import { endSession } from "./session.ts";

export const MAX_KEPT = 500;
/** What of workers changes every few seconds is none of them: it would be all that is kept. */
const KINDS = ["status", "cordon", "operation", "hive_added", "hive_changed", "hive_removed", "liveness"] as const;
/** What has come of the backlog is shown so often. */
const SHOW_MS = 100;
/** A backlog that does not end by then is read as far as it came. */
const MAX_BACKLOG_MS = 10_000;

/** What happened since the queen started, as far as she keeps it, the newest first; what of workers changes every few seconds is left out. */
export interface Past {
  /** Of this hive alone. */
  readonly hiveId: string | undefined;
  readonly events: Signal<readonly PastEvent[]>;
  /** Whether what happened before the page was opened is among them. */
  readonly isRead: Signal<boolean>;
}

/** An event in words. */
interface PastEvent {
  readonly id: string;
  readonly atMs: number;
  readonly hiveId: string | undefined;
  readonly text: string;
}

/** Whether some of it was missed. */
export const hasGap = signal(false);

const pastOf = (hiveId?: string): Past => ({ hiveId, events: signal([]), isRead: signal(false) });
const whole = pastOf();
/** Each that is kept up to date. */
const followed = new Set([whole]);
const beingRead = new Set<Past>();

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
  for (const past of followed) add(past, told);
});

/** For a view that shows it: what happened before is read once, as soon as the queen is heard. */
export function usePast(hiveId?: string): Past {
  const isHeard = lostAtMs.value === null;
  const past = useMemo(() => (hiveId === undefined ? whole : pastOf(hiveId)), [hiveId]);
  useEffect(() => {
    followed.add(past);
    return () => {
      if (past !== whole) followed.delete(past);
    };
  }, [past]);
  useEffect(() => void read(past), [past, isHeard]);
  return past;
}

async function read(past: Past): Promise<void> {
  if (past.isRead.value || beingRead.has(past)) return;
  beingRead.add(past);
  try {
    await readBacklog(past);
    past.isRead.value = true;
  } catch (error) {
    endSession(error);
  } finally {
    beingRead.delete(past);
  }
}

async function readBacklog(past: Past): Promise<void> {
  const before: PastEvent[] = [];
  const timer = setInterval(() => add(past, before.splice(0)), SHOW_MS);
  try {
    const ofHive = past.hiveId !== undefined && { hive: [past.hiveId] };
    const query = { kind: [...KINDS], ...ofHive, signal: AbortSignal.timeout(MAX_BACKLOG_MS) };
    for await (const event of keptEvents(client.value, query)) {
      if (isTold(event)) before.push(toPast(event));
    }
  } finally {
    clearInterval(timer);
    add(past, before);
  }
}

function add({ hiveId, events }: Past, more: readonly PastEvent[]): void {
  const known = new Set(events.value.map(({ id }) => id));
  const added = more.filter((event) => !known.has(event.id) && (hiveId === undefined || event.hiveId === hiveId));
  if (added.length === 0) return;
  events.value = [...events.value, ...added]
    .toSorted((a, b) => b.atMs - a.atMs || placeNumberOf(b.id) - placeNumberOf(a.id))
    .slice(0, MAX_KEPT);
}
