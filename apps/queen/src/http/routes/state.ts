import type { FastifyInstance } from "fastify";
import type { MemoryUsage } from "../../fleet/workers/usage.ts";
import { workerToJson } from "../../fleet/workers/worker.ts";
import type { AppParts } from "../app.ts";
import { type HivePath, pathId } from "../input.ts";
import { toWallMs } from "./health.ts";

const memoryToJson = ({ totalBytes, usedBytes, freeBytes }: MemoryUsage) => ({
  total_bytes: totalBytes,
  used_bytes: usedBytes,
  free_bytes: freeBytes,
});

export function stateRoutes(app: FastifyInstance, { fleet, clock }: Pick<AppParts, "fleet" | "clock">): void {
  app.get<HivePath>("/v1/hives/:id/state", { config: { access: "reader" } }, async (request) => {
    const { hive, sight, heard, cordon, usage, ...view } = await fleet.view(pathId(request));
    return {
      hive_id: hive.id,
      status: hive.status,
      live: heard?.live ?? false,
      contactable: view.isContactable,
      unreachable_since_ms: sight.unreachableSinceMs === undefined ? null : toWallMs(sight.unreachableSinceMs, clock),
      takes_work: view.takesWork,
      cordon: cordon === undefined ? null : { reason: cordon.reason, until_ms: cordon.untilMs },
      last_beat_age_ms: heard ? Math.round(heard.ageMs) : null,
      skew_ms: heard?.skewMs ?? null,
      workers: heard?.workers.map(workerToJson) ?? [],
      ram: memoryToJson(usage.ram),
      vram: memoryToJson(usage.vram),
      gpus: usage.gpus.map(({ index, name, ...memory }) => ({ index, name, ...memoryToJson(memory) })),
    };
  });
}
