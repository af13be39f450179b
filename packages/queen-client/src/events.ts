import { mayPass, QueenNoAnswer, type QueenProblem } from "./errors.ts";
import { type Bytes, linesOf, parse, SILENCE_MS } from "./lines.ts";
import { blocksOf } from "./server-sent-events.ts";
import type { QueenEvent } from "./types.ts";
import { MAX_TIMER_MS, type Wait } from "./waiting.ts";

/** How the connection of a reader is: when it is lost, why, and after which time it is tried anew. */
export type Connection =
  | { readonly isOpen: true }
  | { readonly isOpen: false; readonly why: QueenProblem | QueenNoAnswer; readonly retryMs: number };

const FIRST_RETRY_MS = 1000;
const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 30_000;

interface Parts {
  /** Connects, from after the event of this id on. */
  open(lastEventId: string | undefined, signal: AbortSignal): Promise<Bytes>;
  readonly wait: Wait;
  /** From 0 to 1, so that many readers do not come back at once. */
  readonly random: () => number;
}

export interface How {
  readonly after?: string | undefined;
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /** Told when the connection is there, and when it is lost. */
  readonly onConnection?: ((connection: Connection) => void) | undefined;
  /** Told whenever the queen is heard, from where it would go on: also where nothing that is wanted has happened. */
  readonly onPlace?: ((id: string) => void) | undefined;
  /** A connection on which nothing comes for so long is lost. Default: 45,000. */
  readonly silenceMs?: number | undefined;
  /** How long it waits at most before it comes back, unless the queen asks for more. Default: 30,000. */
  readonly maxRetryMs?: number | undefined;
}

/** Events for as long as the signal is not given. A connection that is lost is made anew from where it was; what is lost for good throws. */
export async function* readEvents(parts: Parts, how: How): AsyncGenerator<QueenEvent, void, undefined> {
  const { signal, onConnection, onPlace, silenceMs = SILENCE_MS, maxRetryMs = MAX_RETRY_MS } = how;
  let place = how.after;
  let retryMs = FIRST_RETRY_MS;
  let failures = 0;
  while (!signal.aborted) {
    let why: QueenProblem | QueenNoAnswer;
    try {
      const body = await parts.open(place, signal);
      onConnection?.({ isOpen: true });
      for await (const block of blocksOf(linesOf(body, { signal, silenceMs }))) {
        failures = 0;
        place = block.id ?? place;
        if (block.id !== undefined) onPlace?.(block.id);
        retryMs = Math.max(block.retryMs ?? retryMs, MIN_RETRY_MS);
        const event = block.event && { id: place ?? "", type: block.event.type, data: parse(block.event.data) };
        if (event !== undefined) yield event as QueenEvent;
        if (signal.aborted) return;
      }
      why = new QueenNoAnswer("unreachable", "the queen ended the stream");
    } catch (error) {
      if (signal.aborted) return;
      // What is lost for good.
      if (!mayPass(error)) throw error;
      why = error;
    }
    const backOffMs = Math.min(retryMs * 2 ** failures, maxRetryMs, MAX_TIMER_MS) * (0.5 + parts.random() / 2);
    failures += 1;
    const waitMs = Math.round(Math.max(backOffMs, why.retryAfterMs ?? 0));
    onConnection?.({ isOpen: false, why, retryMs: waitMs });
    await parts.wait(waitMs, signal).catch(() => undefined);
  }
}
