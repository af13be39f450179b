import { HiveStatus } from "@repo/hive-catalog";
import { timeMs } from "@repo/hive-catalog/record";
import * as z from "zod";
import { urlOf } from "../../fleet/workers/address.ts";
import { toWallMs } from "../../process/clock.ts";
import { jsonWriter } from "../json-writer.ts";
import { defineRoute } from "../route.ts";
import { takesWorkFields } from "./takes-work.ts";
import { WORKER_EXAMPLE, WorkerAnswer } from "./worker-answer.ts";

const bytes = z.int().min(0).nullable();
const memoryFields = {
  total_bytes: bytes,
  used_bytes: bytes.meta({
    description: "As it was measured, or else by the workers: null where there are none, or one of them does not say",
  }),
  free_bytes: bytes,
  workers_bytes: bytes.meta({ description: "By the workers, if all of them say" }),
  measured: z.boolean().meta({ description: "Whether `used_bytes` was measured" }),
};
const percent = z.number().min(0).nullable();
const Memory = z.strictObject(memoryFields).meta({ id: "MemoryUsage" });
const Gpu = z.strictObject({
  index: z.int(),
  name: z.string().nullable().meta({ description: "null while the devices are not known" }),
  unified: z.boolean().meta({ description: "Whether its memory is that of the host: the same bytes as `ram`" }),
  ...memoryFields,
  utilization_percent: percent,
  temperature_celsius: z.number().nullable(),
  power_watts: percent,
  asleep: z.boolean().nullable().meta({ description: "Left alone, because reading it would wake it" }),
});

const HiveState = z
  .strictObject({
    hive_id: z.string(),
    status: HiveStatus,
    live: z.boolean().meta({ description: "Whether the last beat is fresh" }),
    contactable: z.boolean().meta({ description: "Whether the queen may contact its host" }),
    unreachable_since_ms: timeMs.nullable().meta({ description: "When the health checks that still fail began to" }),
    ...takesWorkFields,
    cordon: z.strictObject({ reason: z.string(), until_ms: timeMs.nullable() }).nullable(),
    last_beat_age_ms: z.int().nullable().meta({ description: "null before the first beat that this queen took" }),
    skew_ms: z.number().nullable().meta({ description: "How far the clock of the hive runs ahead of the queen's" }),
    workers: z.array(WorkerAnswer),
    ram: Memory,
    vram: Memory,
    cpu_percent: percent.meta({ description: "Of the host, as it was measured" }),
    read_age_ms: z
      .int()
      .nullable()
      .meta({ description: "Since it was measured; null of a hive that measures nothing" }),
    gpus: z.array(Gpu),
    models_on_disk: z
      .array(z.strictObject({ model: z.string(), bytes, server: z.string().nullable(), url: z.string().nullable() }))
      .meta({ description: "What its servers would load when they are asked for it" }),
  })
  .meta({ id: "HiveState", description: "What the last heartbeat of a hive said" });
const stateToJson = jsonWriter(HiveState);

const GB = 2 ** 30;
const memory = (total: number, used: number, workers: number) => ({
  total_bytes: total,
  used_bytes: used,
  free_bytes: total - used,
  workers_bytes: workers,
  measured: true,
});

export const stateRoutes = [
  defineRoute({
    method: "get",
    path: "/v1/hives/:id/state",
    access: "reader",
    operationId: "getHiveState",
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
        why_not: null,
        cordon: null,
        last_beat_age_ms: 1500,
        skew_ms: -250,
        workers: [WORKER_EXAMPLE],
        ram: memory(64 * GB, 20_132_659_200, 2_000_000_000),
        vram: memory(24 * GB, 9_126_805_504, 8_000_000_000),
        cpu_percent: 12.5,
        read_age_ms: 3500,
        gpus: [
          {
            index: 0,
            name: "NVIDIA RTX 4090",
            unified: false,
            ...memory(24 * GB, 9_126_805_504, 8_000_000_000),
            utilization_percent: 37,
            temperature_celsius: 61,
            power_watts: 231.5,
            asleep: false,
          },
        ],
        models_on_disk: [
          { model: "qwen3:8b", bytes: 5_225_388_164, server: "ollama 0.33.0", url: "http://10.0.1.17:11434" },
        ],
      },
    },
    problems: ["CORRUPT_HIVE"],
  }).handle(async ({ params: { id } }, { fleet, clock }) => {
    const { hive, sight, heard, cordon, usage, whyNot, isContactable } = await fleet.view(id);
    const models = heard?.reading?.modelsOnDisk ?? [];
    const readAgeMs = heard?.readAgeMs ?? null;
    return stateToJson({
      hiveId: id,
      status: hive.status,
      live: heard?.live ?? false,
      contactable: isContactable,
      unreachableSinceMs: sight.unreachableSinceMs === undefined ? null : toWallMs(sight.unreachableSinceMs, clock),
      takesWork: whyNot === null,
      whyNot,
      cordon: cordon ?? null,
      lastBeatAgeMs: heard ? Math.round(heard.ageMs) : null,
      skewMs: heard?.skewMs ?? null,
      workers: heard?.workers.map((worker) => ({ ...worker, url: urlOf(worker, hive.host) })) ?? [],
      ram: usage.ram,
      vram: usage.vram,
      cpuPercent: heard?.reading?.host?.cpuPercent ?? null,
      readAgeMs: readAgeMs && Math.round(readAgeMs),
      gpus: usage.gpus,
      modelsOnDisk: models.map((model) => ({ ...model, model: model.modelId, url: urlOf(model, hive.host) })),
    });
  }),
];
