import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import type { EventFilter, EventLog } from "../../telling/events.ts";
import type { CutReason, Metrics } from "../../telling/metrics.ts";
import type { Caller } from "../door/caller.ts";
import { Problem } from "../errors.ts";
import { EventBatches, type RowsOf } from "./event-batches.ts";

const MAX_READERS = 100;
/** … of them with one token. */
const MAX_READERS_OF_TOKEN = 10;
/** … that operators alone may take. */
const OPERATORS_PLACES = 20;
/** So often that a reader who hears nothing for some seconds knows that the queen hangs, and far within the patience of proxies. */
const KEEP_ALIVE_MS = 2000;
/** A reader that took nothing during so many of these is gone. */
const MAX_BLOCKED_KEEP_ALIVES = 10;
/** How long a reader that was cut off should wait before it comes back. */
const RETRY_MS = 1000;

interface Options {
  events: EventLog;
  metrics: Metrics;
  log: FastifyBaseLogger;
  /** Resolves when the next piece of what a reader has missed may be sent. */
  turn: () => Promise<void>;
  rowsOf: RowsOf;
  keepAliveMs?: number;
}

interface Subscriber {
  readonly lastEventId: string | undefined;
  readonly filter: EventFilter;
  readonly tokenId: string | null;
  isAdmitted(): boolean;
  /** Told how many bytes it was sent. */
  onSent(bytes: number): void;
}

export class EventStream {
  readonly #options: Options;
  readonly #batches: EventBatches;
  /** Each by the token with which it was let in. */
  readonly #readers = new Map<Reader, string | null>();
  readonly #keepAlive: NodeJS.Timeout;

  constructor(options: Options) {
    this.#options = options;
    this.#batches = new EventBatches(options);
    options.metrics.eventReaders.read = () => this.#readers.size;
    this.#keepAlive = setInterval(() => {
      for (const reader of this.#readers.keys()) reader.keepAlive();
    }, options.keepAliveMs ?? KEEP_ALIVE_MS).unref();
  }

  /** Throws a Problem when no more readers, or no more of this caller, are taken. */
  checkRoom({ role, tokenId }: Pick<Caller, "role" | "tokenId">): void {
    const ofToken = [...this.#readers.values()].filter((id) => id === tokenId).length;
    if (tokenId !== null && ofToken >= MAX_READERS_OF_TOKEN) {
      throw tooManyReaders(`${ofToken} readers of events are connected with the token ${tokenId}`);
    }
    const places = role === "operator" ? MAX_READERS : MAX_READERS - OPERATORS_PLACES;
    if (this.#readers.size >= places) throw tooManyReaders(`${this.#readers.size} readers of events are connected`);
  }

  /** Sends events until the reader leaves, falls behind, is admitted no longer, or the queen stops. */
  serve(request: IncomingMessage, response: ServerResponse, subscriber: Subscriber): void {
    const { events, metrics, log, turn } = this.#options;
    // It may have left while its token was read.
    if (request.socket.destroyed) return;
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      // The connection is of no use to anyone after the stream.
      connection: "close",
      "x-accel-buffering": "no",
    });
    const onCut = (why: CutReason) => {
      metrics.eventReadersCut.inc({ why });
      log.warn({ remote: request.socket.remoteAddress, why }, "a reader of events was cut off");
    };
    const reader = new Reader({ events, batches: this.#batches, response, subscriber, turn, onCut });
    this.#readers.set(reader, subscriber.tokenId);
    const leave = events.subscribe(() => reader.pump());
    response.once("close", () => {
      leave();
      this.#readers.delete(reader);
    });
    reader.greet(subscriber.lastEventId);
  }

  /** Ends the streams of those who would not be let in any more. */
  endRefused(): void {
    for (const reader of this.#readers.keys()) reader.pump();
  }

  close(): void {
    clearInterval(this.#keepAlive);
    for (const reader of this.#readers.keys()) reader.end();
  }
}

interface ReaderParts extends Pick<Options, "events" | "turn"> {
  readonly batches: EventBatches;
  readonly response: ServerResponse;
  readonly subscriber: Subscriber;
  onCut(why: CutReason): void;
}

/** One connection and how far it has been told. What it has not read stays in the log, never here. */
class Reader {
  readonly #parts: ReaderParts;
  /** Number of the last event that it was sent, or does not want. */
  #told = 0;
  /** What was sent is still on its way: nothing more is until it has left. */
  #blocked = false;
  /** At how many keep-alives in a row it was. */
  #blockedKeepAlives = 0;
  #awaitsPiece = false;
  /** It came back, and was not told all that it has missed yet. */
  #catchesUp = false;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    parts.response.on("drain", () => {
      this.#blocked = false;
      this.#blockedKeepAlives = 0;
      this.pump();
    });
  }

  /** Tells a new reader from which event on it is told; one that comes back, what it has missed for good. */
  greet(lastEventId: string | undefined): void {
    const { events } = this.#parts;
    if (lastEventId === undefined) {
      this.#told = events.newest;
      const id = events.idOf(this.#told);
      this.#send(`retry: ${RETRY_MS}\n${message(id, "hello", { start: events.start, last_event_id: id })}`);
      return;
    }
    const { after, gap } = events.resume(lastEventId);
    this.#told = after;
    this.#catchesUp = true;
    const id = events.idOf(after);
    const told =
      gap === undefined ? "" : message(id, "gap", { why: gap, last_seen_id: lastEventId, resumed_after_id: id });
    this.#send(`retry: ${RETRY_MS}\n${told === "" ? "\n" : told}`);
    this.pump();
  }

  /** Sends what the reader was not told yet, as far as it takes it: one event at once, several when their turn comes. */
  pump(): void {
    if (!this.#mayGoOn() || this.#awaitsPiece) return;
    if (this.#parts.events.newest === this.#told) this.#endCatchingUp();
    else {
      this.#awaitsPiece = true;
      void this.#sendPiece();
    }
  }

  /** Never rejects. */
  async #sendPiece(): Promise<void> {
    const { events, batches, subscriber, turn } = this.#parts;
    if (events.newest - this.#told > 1) await turn();
    const { text, upTo } = await batches.after(this.#told, subscriber.filter);
    this.#awaitsPiece = false;
    if (!this.#mayGoOn()) return;
    this.#told = upTo;
    if (text.length > 0) this.#send(text);
    this.pump();
  }

  /** Whoever only wanted what it had missed knows by a bookmark that this was all. */
  #endCatchingUp(): void {
    if (this.#catchesUp) this.#sendBookmark();
    this.#catchesUp = false;
  }

  /** Whether it may be sent something now; cuts off one that may be told nothing more. */
  #mayGoOn(): boolean {
    const { events, response, subscriber } = this.#parts;
    if (response.destroyed || response.writableEnded) return false;
    if (!subscriber.isAdmitted()) this.#cut("revoked");
    else if (events.isGone(this.#told)) this.#cut("fell_behind");
    return !this.#blocked;
  }

  keepAlive(): void {
    if (this.#mayGoOn()) this.#sendBookmark();
    else if (this.#blocked && ++this.#blockedKeepAlives === MAX_BLOCKED_KEEP_ALIVES) this.#cut("stalled");
  }

  /** An id without data, from which a reader goes on that did not want what came before. */
  #sendBookmark(): void {
    this.#send(`id: ${this.#parts.events.idOf(this.#told)}\n\n`);
  }

  end(): void {
    if (this.#blocked) this.#parts.response.destroy();
    else this.#parts.response.end();
  }

  #send(text: string | Buffer): void {
    const { response, subscriber } = this.#parts;
    this.#blocked = response.destroyed || response.writableEnded || !response.write(text);
    subscriber.onSent(Buffer.byteLength(text));
  }

  #cut(why: CutReason): void {
    if (this.#parts.response.destroyed) return;
    this.#blocked = true;
    this.#parts.onCut(why);
    this.#parts.response.destroy();
  }
}

const tooManyReaders = (why: string): Problem =>
  new Problem("TOO_MANY_READERS", `${why}, and no more are taken`, { headers: { "retry-after": "5" } });

const message = (id: string, type: string, data: object): string =>
  `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify({ ...data })}\n\n`;
