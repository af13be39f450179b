import type { Caller } from "../door/caller.ts";
import { Shares } from "../door/shares.ts";

/** One hive needs a few, a router or a proxy of many of them some more. */
const MAX_OF_TOKEN = 512;
/** For operators, and for who has no token to show, such as whoever asks for `/health`. */
const MAX_KEPT = 100;

/** Who may hold how many of all connections. What proxies share among many callers is an operator's token. */
export class ConnectionShares {
  /** As many as whoever has proven nothing, and operators, find free whatever the others hold. */
  readonly kept: number;
  readonly #operators: Shares;
  readonly #others: Shares;

  constructor(maxConnections: number) {
    const quarter = Math.ceil(maxConnections / 4);
    this.kept = Math.min(MAX_KEPT, Math.floor(maxConnections / 20));
    this.#operators = new Shares({ each: quarter, inAll: maxConnections });
    this.#others = new Shares({ each: Math.min(quarter, MAX_OF_TOKEN), inAll: maxConnections - this.kept });
  }

  /** Takes one connection for a caller; what gives it back, or undefined when it has no more. */
  take({ role, tokenId }: Caller): (() => void) | undefined {
    if (tokenId === null) return () => undefined;
    const shares = role === "operator" ? this.#operators : this.#others;
    return shares.take(tokenId, 1) ? () => shares.giveBack(tokenId, 1) : undefined;
  }
}
