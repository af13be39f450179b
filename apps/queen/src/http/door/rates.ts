import type { FastifyRequest } from "fastify";
import type { Clock } from "../../process/clock.ts";
import { addressBlock } from "../../reach/addresses.ts";
import { tooManyRequests } from "./refusals.ts";

/** How many keys are remembered; one that is forgotten starts afresh. */
const MAX_KEYS = 65_536;
const BURST_MS = 1000;
/** Sums of fractions are not exact. */
const ROUNDING_MS = 0.001;

/**
 * Lets each key through so many times a second, and one second's worth at once. Of a key it keeps one number: the time by which its requests
 * are paid for, at one interval each.
 */
export class RateLimit {
  readonly #intervalMs: number;
  readonly #paidAtMs = new Map<string, number>();
  #prunedAtMs = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number) {
    this.#intervalMs = 1000 / perSecond;
  }

  /** Counts one request: 0 when it may pass, else the milliseconds after which the next one may. `nowMs` is monotonic. */
  waitMs(key: string, nowMs: number): number {
    const paidAtMs = Math.max(this.#paidAtMs.get(key) ?? 0, nowMs);
    const paidThenMs = paidAtMs + this.#intervalMs;
    const waitMs = paidThenMs - nowMs - BURST_MS;
    if (waitMs > ROUNDING_MS) return waitMs;
    this.#paidAtMs.set(key, paidThenMs);
    if (this.#paidAtMs.size > MAX_KEYS) this.#makeRoom(nowMs);
    return 0;
  }

  /** Counts so many more requests: for one that has passed, and cost as much as they. */
  charge(key: string, requests: number, nowMs: number): void {
    const paidAtMs = Math.max(this.#paidAtMs.get(key) ?? 0, nowMs);
    this.#paidAtMs.set(key, paidAtMs + requests * this.#intervalMs);
  }

  /** Of those that are remembered. */
  get size(): number {
    return this.#paidAtMs.size;
  }

  /** A key whose requests are paid for is as good as a new one. When too many are not, the oldest goes. */
  #makeRoom(nowMs: number): void {
    if (nowMs - this.#prunedAtMs > BURST_MS) {
      this.#prunedAtMs = nowMs;
      for (const [key, paidAtMs] of this.#paidAtMs) if (paidAtMs <= nowMs) this.#paidAtMs.delete(key);
    }
    for (const key of this.#paidAtMs.keys()) {
      if (this.#paidAtMs.size <= MAX_KEYS) return;
      this.#paidAtMs.delete(key);
    }
  }
}

const DEFAULT_ADDRESS_REQUESTS_PER_SECOND = 100;

export interface RequestLimits {
  /** For each token. */
  readonly tokenRequestsPerSecond: number;
  /** For what comes without a valid token, by address. undefined: 100, and no limit while no token is needed. */
  readonly addressRequestsPerSecond: number | undefined;
}

interface RatesOptions {
  clock: Clock;
  limits: RequestLimits;
  isOpen: () => boolean;
}

/** Keeps each token to its share of requests, and each address to its share of those without one. */
export class Rates {
  readonly #options: RatesOptions;
  readonly #perToken: RateLimit;
  readonly #perAddress: RateLimit;

  constructor(options: RatesOptions) {
    const { tokenRequestsPerSecond, addressRequestsPerSecond } = options.limits;
    this.#options = options;
    this.#perToken = new RateLimit(tokenRequestsPerSecond);
    this.#perAddress = new RateLimit(addressRequestsPerSecond ?? DEFAULT_ADDRESS_REQUESTS_PER_SECOND);
  }

  /** Throws the 429 when the token has had its share. */
  countToken(tokenId: string): void {
    const waitMs = this.#perToken.waitMs(tokenId, this.#options.clock.monotonicNow());
    if (waitMs > 0) throw tooManyRequests(`the token ${tokenId}`, waitMs);
  }

  /** Counts a request that nothing speaks for against its address; throws the 429 when that has had its share. */
  countStranger({ raw }: Pick<FastifyRequest, "raw">): void {
    if (!this.#limitsAddresses()) return;
    const nowMs = this.#options.clock.monotonicNow();
    const waitMs = this.#perAddress.waitMs(addressBlock(raw.socket.remoteAddress), nowMs);
    if (waitMs > 0) throw tooManyRequests("this address", waitMs);
  }

  /** Lets a request that was let in count for so many more: of its token, or else of its address. */
  charge({ caller, raw }: Pick<FastifyRequest, "caller" | "raw">, requests: number): void {
    const nowMs = this.#options.clock.monotonicNow();
    if (caller?.tokenId) this.#perToken.charge(caller.tokenId, requests, nowMs);
    else if (this.#limitsAddresses()) {
      this.#perAddress.charge(addressBlock(raw.socket.remoteAddress), requests, nowMs);
    }
  }

  #limitsAddresses(): boolean {
    const { limits, isOpen } = this.#options;
    return limits.addressRequestsPerSecond !== undefined || !isOpen();
  }
}
