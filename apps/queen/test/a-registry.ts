import type { WorkQuery } from "../src/fleet/workers/queries.ts";
import { HiveRegistry } from "../src/fleet/workers/registry.ts";
import type { Worker } from "../src/fleet/workers/worker.ts";
import { aHeartbeat, aReading } from "./a-worker.ts";
import { FakeClock } from "./fake-clock.ts";

export const STALE_AFTER_MS = 60_000;

/** A registry whose hives take work, and stand at `host`, until a test says otherwise. */
export function newRegistry(host = "10.0.0.7") {
  const clock = new FakeClock();
  const fromMs = new Map<string, number>();
  const untilMs = new Map<string, number>();
  const hosts = new Map<string, string>();
  const registry = new HiveRegistry({
    clock,
    staleAfterMs: STALE_AFTER_MS,
    circumstancesOf: (id) => ({
      takesWorkFromMs: fromMs.get(id) ?? Number.NEGATIVE_INFINITY,
      cordonedUntilMs: untilMs.get(id) ?? 0,
      host: hosts.get(id) ?? host,
      unified: undefined,
    }),
  });
  const set =
    <Value>(values: Map<string, Value>) =>
    (id: string, value: Value) => {
      values.set(id, value);
      registry.reconsider(id);
    };
  const takesWork = (id: string) =>
    (fromMs.get(id) ?? 0) <= clock.monotonicMs && (untilMs.get(id) ?? 0) <= clock.wallMs;
  const places = (found: { hiveId: string; worker: Worker }[]) =>
    found.map(({ hiveId, worker }) => `${hiveId}/${worker.workerId}`).sort();
  return {
    clock,
    registry,
    setFrom: set(fromMs),
    cordonUntil: set(untilMs),
    moveTo: set(hosts),
    takesWork,
    places,
    /** A beat of what was read so long before it was sent; without, of a hive that does not say. */
    beat: (hiveId: string, workers: readonly Worker[], readAgoMs?: number) => {
      const timestampMs = clock.now();
      const reading = readAgoMs === undefined ? null : aReading({ readAtMs: timestampMs - readAgoMs });
      return registry.update(aHeartbeat(hiveId, workers, { timestampMs, reading }), 0);
    },
    handOut: (query: Partial<WorkQuery> = {}) => registry.handOut({ model: "llama-3-8b", ...query })?.worker.workerId,
  };
}
