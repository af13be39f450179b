import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import type { EventLog } from "../../telling/events.ts";
import type { CutReason, Metrics } from "../../telling/metrics.ts";
import type { Caller } from "../door/door.ts";
import { Problem } from "../errors.ts";

const MAX_READERS = 100;
/** … of them with one token. */
const MAX_READERS_OF_TOKEN = 10;
/** … that operators alone may take. */
const OPERATORS_PLACES = 20;
/** Shorter than the patience of proxies. A reader that took nothing from one of these to the next is gone. */
const KEEP_ALIVE_MS = 15_000;
/** How long a reader that was cut off should wait before it comes back. */
const RETRY_MS = 1000;
/** Sent in one piece, so that a reader who catches up does not hold the event loop. */
const MAX_PIECE_LENGTH = 65_536;

interface Options {
  events: EventLog;
  metrics: Metrics;
  log: FastifyBaseLogger;
  /** Resolves when the next piece of what a reader has missed may be sent. */
  turn: () => Promise<void>;
  keepAliveMs?: number;
}

/** Whom a stream is for. */
interface Subscriber {
  readonly lastEventId: string | undefined;
  readonly tokenId: string | null;
  isAdmitted(): boolean;
  /** Told how many bytes it was sent. */
  onSent(bytes: number): void;
}

/** Everyone who reads `GET /v1/events`. */
export class EventStream {
  readonly #options: Options;
  /** Each by the token with which it was let in. */
  readonly #readers = new Map<Reader, string | null>();
  readonly #keepAlive: NodeJS.Timeout;

  constructor(options: Options) {
    this.#options = options;
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
      "cache-control": "no-store",
      // The connection is of no use to anyone after the stream.
      connection: "close",
      "x-accel-buffering": "no",
    });
    const onCut = (why: CutReason) => {
      metrics.eventReadersCut.inc({ why });
      log.warn({ remote: request.socket.remoteAddress, why }, "a reader of events was cut off");
    };
    const reader = new Reader({ events, response, subscriber, turn, onCut });
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
    for (const reader of this.#readers.keys()) reader.check();
  }

  /** Ends every stream. */
  close(): void {
    clearInterval(this.#keepAlive);
    for (const reader of this.#readers.keys()) reader.end();
  }
}

interface ReaderParts extends Pick<Options, "events" | "turn"> {
  readonly response: ServerResponse;
  readonly subscriber: Subscriber;
  onCut(why: CutReason): void;
}

/** One connection and how far it has been told. What it has not read stays in the log, never here. */
class Reader {
  readonly #parts: ReaderParts;
  #sent = 0;
  /** What was sent is still on its way: nothing more is until it has left. */
  #blocked = false;
  #blockedAtKeepAlive = false;
  #awaitsTurn = false;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    parts.response.on("drain", () => {
      this.#blocked = false;
      this.#blockedAtKeepAlive = false;
      this.pump();
    });
  }

  /** Tells a new reader from which event on it is told; one that comes back, what it has missed for good. */
  greet(lastEventId: string | undefined): void {
    const { events } = this.#parts;
    if (lastEventId === undefined) {
      this.#sent = events.newest;
      const id = events.idOf(this.#sent);
      this.#send(`retry: ${RETRY_MS}\n${message(id, "hello", { start: events.start, last_event_id: id })}`);
      return;
    }
    const { after, gap } = events.resume(lastEventId);
    this.#sent = after;
    const id = events.idOf(after);
    const told =
      gap === undefined ? "" : message(id, "gap", { why: gap, last_seen_id: lastEventId, resumed_after_id: id });
    this.#send(`retry: ${RETRY_MS}\n${told === "" ? "\n" : told}`);
    this.pump();
  }

  /** Sends what the reader was not sent yet, as far as it takes it: one event at once, several when their turn comes. */
  pump(): void {
    const { events, subscriber, turn } = this.#parts;
    if (!subscriber.isAdmitted()) this.#cut("revoked");
    else if (this.#sent + 1 < events.oldest) this.#cut("fell_behind");
    const missing = events.newest - this.#sent;
    if (this.#blocked || this.#awaitsTurn || missing === 0) return;
    if (missing === 1) this.#sendPiece();
    else {
      this.#awaitsTurn = true;
      void turn().then(() => this.#takeTurn());
    }
  }

  #takeTurn(): void {
    this.#awaitsTurn = false;
    if (!this.#blocked) this.#sendPiece();
    this.pump();
  }

  #sendPiece(): void {
    const { events } = this.#parts;
    let piece = "";
    while (this.#sent < events.newest && piece.length < MAX_PIECE_LENGTH) piece += events.textOf(++this.#sent) ?? "";
    this.#send(piece);
  }

  /** Ends when its caller would not be let in any more. */
  check(): void {
    if (!this.#parts.subscriber.isAdmitted()) this.#cut("revoked");
  }

  keepAlive(): void {
    if (!this.#parts.subscriber.isAdmitted()) this.#cut("revoked");
    else if (this.#blockedAtKeepAlive) this.#cut("stalled");
    this.#blockedAtKeepAlive = this.#blocked;
    if (!this.#blocked) this.#send(": still here\n\n");
  }

  end(): void {
    if (this.#blocked) this.#parts.response.destroy();
    else this.#parts.response.end();
  }

  #send(text: string): void {
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
