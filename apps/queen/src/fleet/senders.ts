import { plainAddress } from "../reach/addresses.ts";

/** Two machines that beat under the id of one hive. */
export interface TwoSenders {
  readonly addresses: readonly [string, string];
  /** Monotonic: when it was noticed. */
  readonly sinceMs: number;
}

interface Sender {
  address: string;
  atMs: number;
  /** The other addresses from which beats came lately, and when; undefined as long as there was none. */
  others: Map<string, number> | undefined;
  /** How soon after the last beat of the address before it began. */
  gapMs: number;
  two: TwoSenders | undefined;
}

interface Options {
  staleAfterMs: number;
  /** The time between two beats of a hive. */
  beatMs: number;
  /** Called once, until one of them falls silent. */
  onTwo: (id: string, addresses: readonly [string, string]) => void;
}

/** Of a beat interval. Of two senders one comes within half of it after the other; one sender with two addresses lets all of it pass. */
const SOON = 3 / 4;
const MAX_OTHERS = 8;

/**
 * Notices hives under whose id two machines beat, such as a machine that was copied with its settings: their beats come from two addresses by
 * turns, and sooner one after the other than those of one sender.
 */
export class Senders {
  readonly #options: Options;
  readonly #byId = new Map<string, Sender>();

  constructor(options: Options) {
    this.#options = options;
  }

  /** A beat came from there. The system does not say from where ("") once its caller has broken the connection off: the queen stood still meanwhile. */
  heard(id: string, address: string, nowMs: number): void {
    if (address === "") return;
    const sender = this.#byId.get(id);
    if (sender === undefined) {
      this.#byId.set(id, { address, atMs: nowMs, others: undefined, gapMs: Number.POSITIVE_INFINITY, two: undefined });
    } else if (sender.address === address) sender.atMs = nowMs;
    else this.#changed(id, sender, address, nowMs);
  }

  /** Who beats under this id by turns; undefined when it is one. */
  of(id: string, nowMs: number): TwoSenders | undefined {
    const sender = this.#byId.get(id);
    return sender && this.#isDoubled(sender, nowMs) ? sender.two : undefined;
  }

  /** Under how many ids there are two. */
  count(nowMs: number): number {
    return [...this.#byId.values()].filter((sender) => this.#isDoubled(sender, nowMs)).length;
  }

  forget(id: string): void {
    this.#byId.delete(id);
  }

  #changed(id: string, sender: Sender, address: string, nowMs: number): void {
    const { staleAfterMs, beatMs, onTwo } = this.#options;
    if (!this.#isDoubled(sender, nowMs)) sender.two = undefined;
    const before = sender.address;
    const others = [...(sender.others ?? [])].filter(([, atMs]) => nowMs - atMs < staleAfterMs).slice(1 - MAX_OTHERS);
    sender.others = new Map([...others, [before, sender.atMs]]);
    const gapMs = nowMs - sender.atMs;
    const isBack = sender.others.delete(address);
    const isSoon = Math.min(gapMs, sender.gapMs) < SOON * beatMs;
    Object.assign(sender, { address, atMs: nowMs, gapMs });
    if (sender.two !== undefined || !isBack || !isSoon) return;
    const addresses = [plainAddress(before), plainAddress(address)] as const;
    sender.two = { addresses, sinceMs: nowMs };
    onTwo(id, addresses);
  }

  /** Whether the second of them was heard lately: nothing else ends it. */
  #isDoubled({ two, others = new Map() }: Sender, nowMs: number): boolean {
    const { staleAfterMs } = this.#options;
    return two !== undefined && [...others.values()].some((atMs) => nowMs - atMs < staleAfterMs);
  }
}
