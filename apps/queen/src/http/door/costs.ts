import { finished, Readable } from "node:stream";
import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler, onSendAsyncHookHandler } from "fastify";
import { Shares } from "../../process/shares.ts";
import { wholeTurn } from "../../process/turn.ts";
import { addressBlock } from "../../reach/addresses.ts";
import { BODY_LIMIT_BYTES } from "../body-parsers.ts";
import type { Problem } from "../errors.ts";
import type { Rates } from "./rates.ts";
import { tooMany } from "./refusals.ts";

const MB = 1_048_576;
/** Bodies on their way in, and answers on their way out, of one caller and of all. */
const BYTES_UNDER_WAY = { each: 4 * MB, inAll: 64 * MB };
/** So that the beats of hives and the answers to them always have room. */
const SMALL_BODY_BYTES = 8192;
const SMALL_ANSWER_BYTES = 16_384;
const COSTLY_UNDER_WAY = { each: 4, inAll: 64 };
const COSTLY_WAITING = { each: 256, inAll: 4096 };
/** Requests about many hives, which may last. */
const BULK_UNDER_WAY = { each: 4, inAll: 16 };
/** Of a body or an answer: what is longer counts as several requests. Without a token there is little to ask for but the page of the documentation, which is long. */
const BYTES_OF_ONE_REQUEST = { withToken: 8192, withoutToken: 65_536 };

/** Of hives and workers, one by one: whoever has more of them scanned counts as several requests. */
const SCANNED_OF_ONE_REQUEST = 1000;

interface Waiting {
  readonly key: string;
  go(): void;
}

type Charged = Pick<FastifyRequest, "caller" | "raw">;

/** Bounds what the requests of one caller, and all of them, hold and use at any one time. */
export class Costs {
  readonly #rates: Pick<Rates, "charge">;
  readonly #bodies = new Shares(BYTES_UNDER_WAY);
  readonly #answers = new Shares(BYTES_UNDER_WAY);
  readonly #costly = new Shares(COSTLY_UNDER_WAY);
  readonly #bulk = new Shares(BULK_UNDER_WAY);
  readonly #waitingShares = new Shares(COSTLY_WAITING);
  readonly #waiting = new Set<Waiting>();
  #lastTurn = Promise.resolve();

  constructor(rates: Pick<Rates, "charge">) {
    this.#rates = rates;
  }

  /** The hook of a route with a body: room for that must be there before it is read. */
  readonly boundBody: onRequestAsyncHookHandler = async (request, reply) => {
    const { headers } = request.raw;
    const bytes = Number(headers["content-length"] ?? 0);
    const isInChunks = headers["transfer-encoding"] !== undefined;
    if (!isInChunks && (bytes <= SMALL_BODY_BYTES || bytes > BODY_LIMIT_BYTES)) return;
    const isHeld = isInChunks ? this.#holdChunks(request, reply) : this.#hold(this.#bodies, bytes, request, reply);
    if (!isHeld) throw tooMuch("send", request);
  };

  /** The hook of a route whose answers may be long: one that nobody reads must not be kept beside many others. */
  readonly boundAnswer: onSendAsyncHookHandler = async (request, reply, payload) => {
    // Written piece by piece, as the caller takes it.
    if (payload instanceof Readable) payload.on("data", (piece: string | Buffer) => this.count(request, piece.length));
    const isWhole = typeof payload === "string" || Buffer.isBuffer(payload);
    const bytes = isWhole ? Buffer.byteLength(payload) : 0;
    if (bytes <= SMALL_ANSWER_BYTES || reply.statusCode >= 400) return payload;
    if (!this.#hold(this.#answers, bytes, request, reply)) throw tooMuch("read", request);
    return payload;
  };

  /** Resolves when the costly answer to this request may be made: a few of each caller are under way at a time, and some wait. */
  async admitCostly(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const key = keyOf(request);
    if (!this.#costly.take(key, 1)) await this.#queue(key, request);
    finished(reply.raw, () => this.#leave(key));
  }

  /** Throws the 429 when so many requests about many hives are under way already: nobody knows when one of them ends. */
  admitBulk(request: Charged, reply: FastifyReply): void {
    const key = keyOf(request);
    if (!this.#bulk.take(key, 1)) throw tooMuch("do to many hives", request);
    finished(reply.raw, () => this.#bulk.giveBack(key, 1));
  }

  count(request: Charged, bytes: number): void {
    const { withToken, withoutToken } = BYTES_OF_ONE_REQUEST;
    this.#rates.charge(request, bytes / (request.caller?.tokenId ? withToken : withoutToken));
  }

  countScanned(request: Charged, scanned: number): void {
    this.#rates.charge(request, scanned / SCANNED_OF_ONE_REQUEST);
  }

  /** The batches of a scan, each made in a turn of its own, and from the second on counted as one more request of the caller. It ends when that one has gone. */
  async *inTurns<Item, Json>(request: Charged, batches: Iterable<Item[]>, toJson: (item: Item) => Json) {
    let isFirst = true;
    await this.turn();
    for (const items of batches) {
      if (!isFirst) this.countScanned(request, SCANNED_OF_ONE_REQUEST);
      isFirst = false;
      yield items.map(toJson);
      await this.turn();
      if (request.raw.socket.destroyed) return;
    }
  }

  /** Resolves in a turn of the event loop in which no other piece of a costly answer is made: so what comes in, a heartbeat first of all, waits for one piece at most. */
  turn(): Promise<void> {
    this.#lastTurn = this.#lastTurn.then(wholeTurn);
    return this.#lastTurn;
  }

  #queue(key: string, request: FastifyRequest): Promise<void> {
    if (!this.#waitingShares.take(key, 1)) throw tooMuch("ask for", request);
    return new Promise((resolve) => {
      this.#waiting.add({ key, go: resolve });
    });
  }

  #leave(key: string): void {
    this.#costly.giveBack(key, 1);
    for (const waiting of this.#waiting) {
      if (!this.#costly.take(waiting.key, 1)) continue;
      this.#waiting.delete(waiting);
      this.#waitingShares.giveBack(waiting.key, 1);
      waiting.go();
      return;
    }
  }

  /** Of unknown length, a body may become as long as any: that much is held until all of it is there, or its caller has gone, and then what has arrived. */
  #holdChunks(request: FastifyRequest, reply: FastifyReply): boolean {
    const key = keyOf(request);
    if (!this.#bodies.take(key, BODY_LIMIT_BYTES)) return false;
    let bytes = 0;
    // It begins to flow when all promises that are resolved were followed: its parser listens by then.
    request.raw.on("data", (piece: Buffer) => {
      bytes += piece.length;
    });
    finished(request.raw, () => {
      this.#bodies.giveBack(key, BODY_LIMIT_BYTES);
      if (bytes > SMALL_BODY_BYTES) this.#hold(this.#bodies, Math.min(bytes, BODY_LIMIT_BYTES), request, reply);
    });
    return true;
  }

  /** Until the answer has gone, or its caller has. */
  #hold(shares: Shares, bytes: number, request: FastifyRequest, reply: FastifyReply): boolean {
    const key = keyOf(request);
    if (!shares.take(key, bytes)) return false;
    this.count(request, bytes);
    finished(reply.raw, () => shares.giveBack(key, bytes));
    return true;
  }
}

/** Whose request it is: of its token; where none is needed, of its address. */
export const keyOf = ({ caller, raw }: Charged): string => caller?.tokenId ?? addressBlock(raw.socket.remoteAddress);

function tooMuch(what: string, { caller }: Charged): Problem {
  const whose = caller?.tokenId ? `the token ${caller.tokenId}` : "this address";
  return tooMany(`Too much at once for ${whose} to ${what}: try again when some of it is done`, 1);
}
