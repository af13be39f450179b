import type { ServerResponse } from "node:http";
import type { FastifyRequest } from "fastify";
import type { Clock } from "../process/clock.ts";

/** What ended sooner held up nobody. */
const MIN_KEPT_MS = 250;
/** After a stall all that waited for it end at once. */
const MAX_KEPT = 1024;
const MAX_SHOWN_PATH = 200;
/** Of the longest: whatever waited for it ran about as long. */
const AS_LONG_SHARE = 1 / 2;

interface Running {
  readonly request: FastifyRequest;
  readonly beganAtMs: number;
}

interface Span {
  readonly beganAtMs: number;
  readonly endedAtMs: number;
  readonly what: string;
}

/** Which requests are under way, and which of them took long lately, so that a stall can be told with what made it. */
export class RequestTimes {
  readonly #clock: Pick<Clock, "monotonicNow">;
  /** In places that are used again: the tables that a Map leaves behind would keep requests in memory, 12 MB of them when 10,000 hives beat. */
  readonly #running: (Running | undefined)[] = [];
  readonly #freePlaces: number[] = [];
  readonly #ended: Span[] = [];

  constructor(clock: Pick<Clock, "monotonicNow">) {
    this.#clock = clock;
  }

  /** The handler of a request begins: what it was sent is there. */
  began(request: FastifyRequest, response: ServerResponse): void {
    // Of a caller who left before, as while its token was read, nobody would say that it has gone.
    if (response.closed) return;
    const place = this.#freePlaces.pop() ?? this.#running.length;
    this.#running[place] = { request, beganAtMs: this.#clock.monotonicNow() };
    response.once("close", () => this.#end(place));
  }

  /** The request that ran longest in the last `forMs`. Of those that ran about as long it is the one that began last: the others waited for it. */
  ranLongest(forMs: number): string | undefined {
    const nowMs = this.#clock.monotonicNow();
    const running = this.#running.filter((one) => one !== undefined).map((one) => spanOf(one, nowMs));
    const inGap = [...this.#ended, ...running].map((span) => {
      return { ...span, ranMs: span.endedAtMs - Math.max(span.beganAtMs, nowMs - forMs) };
    });
    const longestMs = inGap.reduce((longest, { ranMs }) => Math.max(longest, ranMs), 0);
    const [last] = inGap
      .filter(({ ranMs }) => ranMs >= MIN_KEPT_MS && ranMs >= longestMs * AS_LONG_SHARE)
      .sort((one, other) => other.beganAtMs - one.beganAtMs);
    return last && `${last.what}, ${(last.ranMs / 1000).toFixed(1)} s`;
  }

  #end(place: number): void {
    const running = this.#running[place];
    this.#running[place] = undefined;
    this.#freePlaces.push(place);
    const nowMs = this.#clock.monotonicNow();
    if (running === undefined || nowMs - running.beganAtMs < MIN_KEPT_MS) return;
    if (this.#ended.push(spanOf(running, nowMs)) > MAX_KEPT) this.#ended.shift();
  }
}

function spanOf({ request: { method, url, caller, ip }, beganAtMs }: Running, endedAtMs: number): Span {
  const who = caller?.tokenId ? ` with token ${caller.tokenId}` : "";
  const [path = ""] = url.split("?", 1);
  return { beganAtMs, endedAtMs, what: `${method} ${path.slice(0, MAX_SHOWN_PATH)} from ${ip}${who}` };
}
