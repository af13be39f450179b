import { randomUUID } from "node:crypto";
import type { Clock } from "../../process/clock.ts";
import type { Claim } from "./hive.ts";
import type { ClaimedWorker, WorkQuery } from "./queries.ts";
import type { HiveRegistry } from "./registry.ts";

/** Of one holder, and of all together. */
const MAX_CLAIMS = { ofOne: 256, inAll: 4096 };

/** Promises of workers, in memory. Each ends by itself, if nobody and no beat ends it earlier: none can leak. */
export class Claims {
  readonly #registry: HiveRegistry;
  readonly #clock: Clock;
  readonly #byId = new Map<string, Claim>();
  readonly #heldBy = new Map<string, number>();
  /** Before then none ends by itself. */
  #nextEndMs = Number.POSITIVE_INFINITY;

  constructor(registry: HiveRegistry, clock: Clock) {
    this.#registry = registry;
    this.#clock = clock;
  }

  /** Whether so many are held that this one gets no more. */
  isFull(holder: string): boolean {
    this.endOld();
    return this.#byId.size >= MAX_CLAIMS.inAll || (this.#heldBy.get(holder) ?? 0) >= MAX_CLAIMS.ofOne;
  }

  make(query: WorkQuery, holdMs: number, holder: string): ClaimedWorker | undefined {
    const atMs = this.#clock.monotonicNow();
    const made = this.#registry.claim(query, { id: randomUUID(), atMs, untilMs: atMs + holdMs, holder });
    if (made === undefined) return undefined;
    const { claim } = made;
    this.#byId.set(claim.id, claim);
    this.#heldBy.set(holder, (this.#heldBy.get(holder) ?? 0) + 1);
    this.#nextEndMs = Math.min(this.#nextEndMs, claim.untilMs);
    return made;
  }

  get(id: string): Claim | undefined {
    this.endOld();
    return this.#byId.get(id);
  }

  end(claim: Claim): void {
    this.#registry.release(claim);
    if (!this.#byId.delete(claim.id)) return;
    const left = (this.#heldBy.get(claim.holder) ?? 0) - 1;
    if (left > 0) this.#heldBy.set(claim.holder, left);
    else this.#heldBy.delete(claim.holder);
  }

  /** Ends those whose time is over. */
  endOld(): void {
    const nowMs = this.#clock.monotonicNow();
    if (nowMs < this.#nextEndMs) return;
    this.#nextEndMs = Number.POSITIVE_INFINITY;
    for (const claim of this.#byId.values()) {
      if (claim.untilMs <= nowMs) this.end(claim);
      else this.#nextEndMs = Math.min(this.#nextEndMs, claim.untilMs);
    }
  }

  get size(): number {
    this.endOld();
    return this.#byId.size;
  }
}
