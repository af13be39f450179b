import type { FleetParts } from "./parts.ts";
import type { UnusablePart } from "./workers/heartbeat.ts";

/** Tells of what in the heartbeats of a hive cannot be used: its agent says it in every beat, so the log has it once for each hive and field. */
export class UnusableParts {
  readonly #parts: Pick<FleetParts, "log" | "metrics">;
  readonly #told = new Map<string, Set<string>>();

  constructor(parts: Pick<FleetParts, "log" | "metrics">) {
    this.#parts = parts;
  }

  heard(hiveId: string, parts: readonly UnusablePart[]): void {
    for (const { part, field, problem, times } of parts) {
      this.#parts.metrics.unusableParts.inc({ part }, times);
      if (!this.#isNew(hiveId, field)) continue;
      const what = part === "field" ? "this field counts as unknown" : `this ${part} is left out`;
      this.#parts.log.warn(
        { hive_id: hiveId, field, problem },
        `what this hive's heartbeats say cannot all be used: ${what}`,
      );
    }
  }

  forget(hiveId: string): void {
    this.#told.delete(hiveId);
  }

  #isNew(hiveId: string, field: string): boolean {
    const told = this.#told.get(hiveId) ?? new Set();
    if (told.has(field)) return false;
    this.#told.set(hiveId, told.add(field));
    return true;
  }
}
