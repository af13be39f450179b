import type { Cordons } from "../cordons.ts";
import type { FleetParts } from "../parts.ts";
import { Claims } from "./claims.ts";
import type { ClaimedWorker, PlacedModel, PlacedWorker, WorkQuery } from "./queries.ts";
import type { HiveRegistry } from "./registry.ts";

interface Parts extends Pick<FleetParts, "clock" | "metrics"> {
  registry: HiveRegistry;
  cordons: Cordons;
}

/** Says where work goes, and remembers it: what was handed out counts until a beat shows it. */
export class Assignments {
  readonly claims: Claims;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.claims = new Claims(parts.registry, parts.clock);
    parts.metrics.claims.read = () => this.claims.size;
  }

  /** The worker to give work to; with `cold`, where there is none, a hive that would load the model. */
  async best(query: WorkQuery, cold = false): Promise<PlacedWorker | PlacedModel | undefined> {
    const { registry, cordons, metrics } = this.#parts;
    await cordons.ready();
    this.claims.endOld();
    const worker = registry.handOut(query);
    // What is on disk runs on no backend yet.
    const model = worker === undefined && cold && query.backend === undefined ? registry.handOutCold(query) : undefined;
    metrics.workAsked.inc({ found: worker ? "worker" : model ? "model_on_disk" : "nothing" });
    return worker ?? model;
  }

  /** A worker that nobody else is given while the claim is held, for more work than it can take. */
  async claim(query: WorkQuery, holdMs: number, holder: string): Promise<ClaimedWorker | undefined> {
    const { cordons, metrics } = this.#parts;
    await cordons.ready();
    this.claims.endOld();
    const made = this.claims.make(query, holdMs, holder);
    metrics.workAsked.inc({ found: made ? "claim" : "nothing" });
    return made;
  }
}
