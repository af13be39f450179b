import type { Connection, QueenEvent } from "@repo/queen-client";
import { client } from "./api.ts";
import { ROOT } from "./place.ts";
import { isUnknown } from "./session.ts";

/** What the tab that reads the stream tells the others, and what a new one asks of it. */
type Told =
  | { readonly say: "event"; readonly event: QueenEvent }
  | { readonly say: "connection"; readonly lostAtMs: number | null }
  | { readonly say: "asked" };

interface Listener {
  onEvent(event: QueenEvent): void;
  /** Since when nothing is heard; null while something is. */
  onConnection(lostAtMs: number | null): void;
  /** The session has ended. */
  onRefused(error: unknown): void;
}

/** Of all tabs of this page together. */
const NAME = `queen ${ROOT.href}`;

/** The queen says something every 2 s. */
const SILENCE_MS = 5000;
const WATCH_MS = 1000;
/** … after which her connection is given up: that of a computer that slept, or is in another network now, is silent for good. */
const DEAD_MS = 10_000;
const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 5000;
/** The tab that leads says something as often as it watches. One that its browser has stopped, as it may those behind others, does not. */
const MAX_MUTE = 10;

/** A page that its browser kept while somebody was elsewhere, as Safari does, has missed what was told meanwhile, and takes no turn any more. */
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

/**
 * Takes part in the one stream of all tabs: a browser opens six connections to a queen, and a tab that holds one each would end that. One tab
 * leads, reads the stream and hands on what it hears; when it is closed, another goes on after the last event that it was told, and when it says
 * nothing any more, one that is looked at. Every tab hears what happens after `position`, which the caller has read the fleet at.
 */
export function joinStream(position: string, { onEvent, onConnection, onRefused }: Listener): void {
  const channel = new BroadcastChannel(NAME);
  let last = position;
  let lostAtMs: number | null = null;
  let heardAtMs = Date.now();
  let leads = false;
  let isOver = false;
  /** Ends the turn of this tab, or that it waits for one. */
  let turn = new AbortController();
  /** How often this tab has watched since the one that leads said something. */
  let mute = 0;

  function take(told: Told): void {
    if (told.say === "event") {
      last = told.event.id;
      onEvent(told.event);
    } else if (told.say === "connection") {
      lostAtMs = told.lostAtMs;
      onConnection(lostAtMs);
    } else if (leads) channel.postMessage({ say: "connection", lostAtMs } satisfies Told);
    if (told.say !== "asked") mute = 0;
  }
  /** A channel tells everybody but whoever speaks. */
  function tell(told: Told): void {
    channel.postMessage(told);
    take(told);
  }
  const lose = () => tell({ say: "connection", lostAtMs: lostAtMs ?? heardAtMs });

  async function lead(signal: AbortSignal): Promise<void> {
    leads = true;
    let retryMs = FIRST_RETRY_MS;
    heardAtMs = Date.now();
    const hear = () => {
      heardAtMs = Date.now();
      retryMs = FIRST_RETRY_MS;
      if (lostAtMs !== null) tell({ say: "connection", lostAtMs: null });
    };
    const heard = { onPlace: hear, onConnection: ({ isOpen }: Connection) => (isOpen ? hear() : lose()) };
    const how = { ...heard, silenceMs: DEAD_MS, maxRetryMs: MAX_RETRY_MS, signal };
    while (!signal.aborted) {
      try {
        for await (const event of client.value.readEvents({ after: last, ...how })) tell({ say: "event", event });
      } catch (error) {
        // All else passes: a proxy whose queen is away may say anything.
        if (isUnknown(error)) return end(error);
        lose();
      }
      await new Promise((resolve) => setTimeout(resolve, retryMs));
      retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
    }
  }
  function end(error: unknown): void {
    isOver = true;
    leads = false;
    clearInterval(watch);
    channel.close();
    onRefused(error);
  }
  async function takeTurns(): Promise<void> {
    while (!isOver) {
      turn = new AbortController();
      const { signal } = turn;
      const options = mute > MAX_MUTE ? { steal: true } : { signal };
      mute = 0;
      try {
        await navigator.locks.request(NAME, options, () => lead(signal));
      } catch (error) {
        // Neither was it taken away, nor given up: there are no turns here.
        if ((error as DOMException).name !== "AbortError") return lead(signal);
      }
      turn.abort();
      leads = false;
    }
  }
  const watch = setInterval(() => {
    // The connection to a queen that hangs is there, and may go on.
    if (leads && Date.now() - heardAtMs >= SILENCE_MS) lose();
    else if (leads) tell({ say: "connection", lostAtMs });
    else if (!document.hidden && ++mute > MAX_MUTE) turn.abort();
  }, WATCH_MS);

  addEventListener("pagehide", () => {
    isOver = true;
  });
  channel.onmessage = ({ data }: MessageEvent<Told>) => take(data);
  channel.postMessage({ say: "asked" } satisfies Told);
  // Browsers keep locks for origins that nobody can read on the way: elsewhere each tab reads for itself.
  if ("locks" in navigator) void takeTurns();
  else void lead(turn.signal);
}
