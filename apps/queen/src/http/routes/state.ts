import type { FastifyInstance } from "fastify";
import type { MemoryUsage } from "../../fleet/workers/usage.ts";
import { workerToJson } from "../../fleet/workers/worker.ts";
import { hiveNotFound } from "../errors.ts";
import { type HivePath, pathId } from "../input.ts";
import type { AppParts } from "../parts.ts";
import { toWallMs } from "./health.ts";

type StateParts = Pick<AppParts, "catalog" | "registry" | "liveness" | "cordons" | "clock" | "allowedHosts">;

const memoryToJson = ({ totalBytes, usedBytes, freeBytes }: MemoryUsage) => ({
  total_bytes: totalBytes,
  used_bytes: usedBytes,
  free_bytes: freeBytes,
});

export function stateRoutes(app: FastifyInstance, parts: StateParts): void {
  const { catalog, registry, liveness, cordons, clock, allowedHosts } = parts;
  app.get<HivePath>("/v1/hives/:id/state", { config: { access: "reader" } }, async (request) => {
    const id = pathId(request);
    const hive = await catalog.getHive(id);
    if (hive === undefined) throw hiveNotFound(id);
    await cordons.ready();
    const state = registry.get(id);
    const sight = liveness.sights.get(id);
    const cordon = cordons.get(id);
    const { ram, vram, gpus } = registry.usage(id, hive.devices);
    return {
      hive_id: id,
      status: hive.status,
      live: state?.live ?? false,
      // What a name resolves to is only known once a probe has tried it.
      contactable: !allowedHosts.refuses(hive.host) && sight?.probe !== "refused",
      unreachable_since_ms: sight?.unreachableSinceMs === undefined ? null : toWallMs(sight.unreachableSinceMs, clock),
      takes_work: liveness.takesWork(id, clock.monotonicNow()) && cordon === undefined,
      cordon: cordon === undefined ? null : { reason: cordon.reason, until_ms: cordon.untilMs },
      last_beat_age_ms: state ? Math.round(state.ageMs) : null,
      skew_ms: state?.skewMs ?? null,
      workers: state?.workers.map(workerToJson) ?? [],
      ram: memoryToJson(ram),
      vram: memoryToJson(vram),
      gpus: gpus.map(({ index, name, ...usage }) => ({ index, name, ...memoryToJson(usage) })),
    };
  });
}
