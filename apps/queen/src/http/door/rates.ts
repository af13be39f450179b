import type { FastifyRequest } from "fastify";
import type { Clock } from "../../process/clock.ts";
import { addressBlock } from "../../reach/addresses.ts";
import { RateLimit } from "./rate-limit.ts";
import { tooManyRequests } from "./refusals.ts";

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
