import { HiveStatus } from "@repo/hive-catalog";
import { timeMs } from "@repo/hive-catalog/record";
import * as z from "zod";
import type { MemoryUsage } from "../../fleet/workers/usage.ts";
import { defineRoute } from "../route.ts";
import { toWallMs } from "./health.ts";
import { WORKER_EXAMPLE, WorkerAnswer, workerToJson } from "./worker-answer.ts";

const memoryFields = {
  total_bytes: z.int().nullable().meta({ description: "null while the devices are not known" }),
  used_bytes: z.int().meta({ description: "By the workers, as far as they say" }),
  free_bytes: z.int().nullable(),
};
const Memory = z.strictObject(memoryFields).meta({ id: "MemoryUsage" });

const HiveState = z
  .strictObject({
    hive_id: z.string(),
    status: HiveStatus,
    live: z.boolean().meta({ description: "Whether the last beat is fresh" }),
    contactable: z.boolean().meta({ description: "Whether the queen may contact its host" }),
    unreachable_since_ms: timeMs.nullable().meta({ description: "When the health checks that still fail began to" }),
    takes_work: z.boolean().meta({ description: "Online, not on probation and not cordoned" }),
    cordon: z.strictObject({ reason: z.string(), until_ms: timeMs.nullable() }).nullable(),
    last_beat_age_ms: z.int().nullable().meta({ description: "null before the first beat that this queen took" }),
    skew_ms: z.number().nullable().meta({ description: "How far the clock of the hive runs ahead of the queen's" }),
    workers: z.array(WorkerAnswer),
    ram: Memory,
    vram: Memory,
    gpus: z.array(z.strictObject({ index: z.int(), name: z.string(), ...memoryFields })),
  })
  .meta({ id: "HiveState", description: "What the last heartbeat of a hive said" });

const GB = 2 ** 30;
const memory = (total: number, used: number) =>
  memoryToJson({ totalBytes: total, usedBytes: used, freeBytes: total - used });

export const stateRoutes = [
  defineRoute({
    method: "get",
    path: "/v1/hives/:id/state",
    access: "reader",
    operationId: "getHiveState",
    tag: "workers",
    summary: "What the last heartbeat of a hive said",
    answer: {
      description: "Its workers, and the memory that they use and leave",
      schema: HiveState,
      example: {
        hive_id: "hive-prod-01",
        status: "online",
        live: true,
        contactable: true,
        unreachable_since_ms: null,
        takes_work: true,
        cordon: null,
        last_beat_age_ms: 1500,
        skew_ms: -250,
        workers: [WORKER_EXAMPLE],
        ram: memory(64 * GB, 2_000_000_000),
        vram: memory(24 * GB, 8_000_000_000),
        gpus: [{ index: 0, name: "NVIDIA RTX 4090", ...memory(24 * GB, 8_000_000_000) }],
      },
    },
    problems: ["CORRUPT_HIVE"],
  }).handle(async ({ params: { id } }, { fleet, clock }) => {
    const { hive, sight, heard, cordon, usage, ...view } = await fleet.view(id);
    return {
      hive_id: id,
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
  }),
];

function memoryToJson({ totalBytes, usedBytes, freeBytes }: MemoryUsage) {
  return { total_bytes: totalBytes, used_bytes: usedBytes, free_bytes: freeBytes };
}
