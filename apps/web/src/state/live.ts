import { signal } from "@preact/signals";
import type { QueenEvent } from "@repo/queen-client";
import { client } from "./api.ts";
import { hrefOf } from "./place.ts";
import { endSession, visitor } from "./session.ts";
import { joinStream } from "./stream.ts";

/** Events of one frame, in their order; or that so many came, or some were missed, that what is shown is read anew. */
export type News = readonly QueenEvent[] | "missed";

/** What came in one frame is shown with the next; more than this is not gone through one by one. */
const MAX_WAITING = 500;
const HIDDEN_FRAME_MS = 500;

/** Since when nothing is heard of the queen; null while she is. */
export const lostAtMs = signal<number | null>(null);
/** Whether the queen has another page than this one by now, or is of another version. */
export const isOutdated = signal(false);

const listeners = new Set<(news: News) => void>();
let waiting: QueenEvent[] = [];
let hasMissed = false;
let isAwaited = false;
let isJoined = false;

/** Hears what happens from now on. Returns what ends that. */
export function onNews(listen: (news: News) => void): () => void {
  listeners.add(listen);
  return () => void listeners.delete(listen);
}

/** Begins to listen, once: what happens after `position` is told from then on. */
export function listenFrom(position: string): void {
  if (isJoined) return;
  isJoined = true;
  joinStream(position, {
    onEvent: hear,
    onConnection: (atMs) => {
      const isBack = lostAtMs.value !== null && atMs === null;
      lostAtMs.value = atMs;
      if (isBack) void lookForUpdate();
    },
    onRefused: (error) => {
      isJoined = false;
      lostAtMs.value = null;
      endSession(error);
    },
  });
}

function hear(event: QueenEvent): void {
  if (event.type === "gap" || waiting.length >= MAX_WAITING) {
    hasMissed = true;
    waiting = [];
  } else waiting.push(event);
  if (isAwaited) return;
  isAwaited = true;
  // No frame comes while the tab is hidden.
  if (document.hidden) setTimeout(tell, HIDDEN_FRAME_MS);
  else requestAnimationFrame(tell);
}

function tell(): void {
  const news: News = hasMissed ? "missed" : waiting;
  isAwaited = false;
  hasMissed = false;
  waiting = [];
  for (const listen of listeners) listen(news);
}

/** Whether the queen is of another version, or her shell names other files than those of this page: they have other names when they are other ones. */
async function lookForUpdate(): Promise<void> {
  const own = [...document.querySelectorAll<HTMLElement>("script[src], link[rel=stylesheet]")];
  const names = own.map((element) => (element.getAttribute("src") ?? element.getAttribute("href"))?.split("/").at(-1));
  try {
    const shell = await (await fetch(hrefOf(""))).text();
    const { version } = await client.value.getMe();
    if (version !== visitor.value?.version || names.some((name) => !shell.includes(name ?? "")))
      isOutdated.value = true;
  } catch {
    // She is gone again: it is looked at when she is back.
  }
}
