import { randomUUID } from "node:crypto";
import { Shares } from "../../process/shares.ts";
import type { FleetParts } from "../parts.ts";
import type { Claim } from "./hive.ts";
import type { ClaimedWorker, PlacedModel, PlacedWorker, WorkQuery } from "./queries.ts";
import type { HiveRegistry } from "./registry.ts";

/** Of one holder, and of all together. */
const MAX_CLAIMS = { each: 256, inAll: 4096 };

interface Parts extends Pick<FleetParts, "clock" | "metrics"> {
  registry: HiveRegistry;
}

/**
 * Says where work goes, and remembers it: what was handed out counts until a beat shows it. Who asks waits until the cordons are known. A claim, which is a
 * promise of a worker in memory, ends by itself if nobody and no beat ends it earlier: none can leak.
 */
export class Assignments {
  readonly #parts: Parts;
  readonly #claims = new Map<string, Claim>();
  readonly #shares = new Shares(MAX_CLAIMS);
  /** Before then none ends by itself. */
  #nextEndMs = Number.POSITIVE_INFINITY;

  constructor(parts: Parts) {
    this.#parts = parts;
    parts.metrics.claims.read = () => this.claimCount;
  }

  /** The worker to give work to; with `cold`, where there is none, a hive that would load the model. */
  best(query: WorkQuery, cold = false): PlacedWorker | PlacedModel | undefined {
    const { registry, metrics } = this.#parts;
    this.#endOld();
    const worker = registry.handOut(query);
    // What is on disk runs on no backend yet.
    const model = worker === undefined && cold && query.backend === undefined ? registry.handOutCold(query) : undefined;
    metrics.workAsked.inc({ found: worker ? "worker" : model ? "model_on_disk" : "nothing" });
    return worker ?? model;
  }

  /** A worker that nobody else is given while the claim is held, for more work than it can take; "full" when so many claims are held that this one gets no more. */
  claim(query: WorkQuery, holdMs: number, holder: string): ClaimedWorker | "full" | undefined {
    const { registry, clock, metrics } = this.#parts;
    this.#endOld();
    if (!this.#shares.take(holder, 1)) return "full";
    const atMs = clock.monotonicNow();
    const made = registry.claim(query, { id: randomUUID(), atMs, untilMs: atMs + holdMs, holder });
    metrics.workAsked.inc({ found: made ? "claim" : "nothing" });
    if (made === undefined) {
      this.#shares.giveBack(holder, 1);
      return undefined;
    }
    const { claim } = made;
    this.#claims.set(claim.id, claim);
    this.#nextEndMs = Math.min(this.#nextEndMs, claim.untilMs);
    return made;
  }

  claimOf(id: string): Claim | undefined {
    this.#endOld();
    return this.#claims.get(id);
  }

  get claimCount(): number {
    this.#endOld();
    return this.#claims.size;
  }

  end(claim: Claim): void {
    this.#parts.registry.release(claim);
    if (this.#claims.delete(claim.id)) this.#shares.giveBack(claim.holder, 1);
  }

  /** Ends those whose time is over. */
  #endOld(): void {
    const nowMs = this.#parts.clock.monotonicNow();
    if (nowMs < this.#nextEndMs) return;
    this.#nextEndMs = Number.POSITIVE_INFINITY;
    for (const claim of this.#claims.values()) {
      if (claim.untilMs <= nowMs) this.end(claim);
      else this.#nextEndMs = Math.min(this.#nextEndMs, claim.untilMs);
    }
  }
}
