import { rule } from "@repo/hive-catalog/record";
import * as z from "zod";
import type { GpuReading, HostReading, ModelOnDisk, Reading } from "../../fleet/workers/heartbeat.ts";
import { isObject } from "../input.ts";
import { isoTime } from "../times.ts";
import {
  AMOUNT,
  type BeatFields,
  FLAG,
  GPU_INDEX,
  MEMORY,
  NAME,
  NUMBER,
  PERCENT,
  PORT,
  REACH,
  TEXT,
  URL_TEXT,
} from "./beat-fields.ts";
import { addressFields } from "./worker-json.ts";

const gpuFields = {
  index: GPU_INDEX.schema,
  uuid: TEXT.schema.nullish(),
  memory_total_bytes: MEMORY.schema.nullish(),
  memory_used_bytes: AMOUNT.schema.nullish(),
  utilization_percent: PERCENT.schema.nullish(),
  temperature_celsius: NUMBER.schema.nullish(),
  power_watts: PERCENT.schema.nullish(),
  asleep: FLAG.schema.nullish().meta({ description: "Whether it was left alone, because reading it would wake it" }),
};
const hostFields = {
  memory_total_bytes: MEMORY.schema.nullish(),
  memory_used_bytes: AMOUNT.schema.nullish(),
  cpu_percent: PERCENT.schema.nullish(),
};
const modelFields = {
  model: NAME.schema,
  bytes: AMOUNT.schema.nullish().meta({ description: "As much memory as it takes at least" }),
  server: TEXT.schema.nullish().meta({ description: "The program that would load it, and its version" }),
  ...addressFields,
};
const listOf = <Fields extends z.ZodRawShape>(id: string, fields: Fields) =>
  z.array(z.object(fields, rule("must be an object")).meta({ id }), rule("must be a list")).nullish();

/** What a hive that measures itself sends beside its workers. Whatever is not known is null or left out, never 0. */
export const readingFields = {
  gpus: listOf("GpuReading", gpuFields),
  host: z.object(hostFields, rule("must be an object")).nullish(),
  read_at: isoTime.nullish().meta({ description: "When all of it was read, by the clock of the hive" }),
  models_on_disk: listOf("ModelOnDisk", modelFields).meta({
    description: "What its servers would load when they are asked for it",
  }),
};

export const READING_EXAMPLE = {
  gpus: [
    {
      index: 0,
      uuid: "GPU-6a1b3c5d-0e2f-4a6b-8c9d-1e3f5a7b9c0d",
      memory_total_bytes: 25_769_803_776,
      memory_used_bytes: 9_126_805_504,
      utilization_percent: 37,
      temperature_celsius: 61,
      power_watts: 231.5,
      asleep: false,
    },
  ],
  host: { memory_total_bytes: 67_445_489_664, memory_used_bytes: 20_132_659_200, cpu_percent: 12.5 },
  read_at: "2025-10-21T09:59:58Z",
  models_on_disk: [
    { model: "qwen3:8b", bytes: 5_225_388_164, server: "ollama 0.33.0", port: 11_434, reachable: "all" },
  ],
};

/** null when there is nothing to read. */
export function readReading(json: Record<keyof typeof readingFields, unknown>, fields: BeatFields): Reading | null {
  const { gpus, host, read_at: readAt, models_on_disk: models } = json;
  if ((gpus ?? host ?? readAt ?? models ?? null) === null) return null;
  return {
    readAtMs: fields.time(readAt, "read_at"),
    gpus: readGpus(gpus, fields),
    host: readHost(host, fields),
    modelsOnDisk: fields.list(models, "models_on_disk", (entry) => readModel(entry, fields)),
  };
}

/** The first of those with one index counts. */
function readGpus(json: unknown, fields: BeatFields): GpuReading[] | null {
  return fields.list<GpuReading>(json, "gpus", (entry, before) => {
    const gpu = readGpu(entry, fields);
    if (gpu === undefined || !before.some(({ index }) => index === gpu.index)) return gpu;
    return void fields.note("gpu", "gpus.index", "must be unique among the GPUs of a heartbeat", gpu.index);
  });
}

function readGpu(json: unknown, fields: BeatFields): GpuReading | undefined {
  if (!isObject(json)) return void fields.note("gpu", "gpus", "must be an object", json);
  const item = json as Record<keyof typeof gpuFields, unknown>;
  if (!fields.has(item.index, GPU_INDEX, "gpus.index", "gpu")) return undefined;
  return {
    index: item.index,
    uuid: fields.usable(item.uuid, TEXT, "gpus.uuid"),
    memoryTotalBytes: fields.usable(item.memory_total_bytes, MEMORY, "gpus.memory_total_bytes"),
    memoryUsedBytes: fields.usable(item.memory_used_bytes, AMOUNT, "gpus.memory_used_bytes"),
    utilizationPercent: fields.usable(item.utilization_percent, PERCENT, "gpus.utilization_percent"),
    temperatureCelsius: fields.usable(item.temperature_celsius, NUMBER, "gpus.temperature_celsius"),
    powerWatts: fields.usable(item.power_watts, PERCENT, "gpus.power_watts"),
    asleep: fields.usable(item.asleep, FLAG, "gpus.asleep"),
  };
}

function readHost(json: unknown, fields: BeatFields): HostReading | null {
  if (json === undefined || json === null) return null;
  if (!isObject(json)) {
    fields.note("field", "host", "must be an object", json);
    return null;
  }
  const item = json as Record<keyof typeof hostFields, unknown>;
  return {
    memoryTotalBytes: fields.usable(item.memory_total_bytes, MEMORY, "host.memory_total_bytes"),
    memoryUsedBytes: fields.usable(item.memory_used_bytes, AMOUNT, "host.memory_used_bytes"),
    cpuPercent: fields.usable(item.cpu_percent, PERCENT, "host.cpu_percent"),
  };
}

function readModel(json: unknown, fields: BeatFields): ModelOnDisk | undefined {
  if (!isObject(json)) return void fields.note("model", "models_on_disk", "must be an object", json);
  const item = json as Record<keyof typeof modelFields, unknown>;
  if (!fields.has(item.model, NAME, "models_on_disk.model", "model")) return undefined;
  return {
    modelId: item.model,
    bytes: fields.usable(item.bytes, AMOUNT, "models_on_disk.bytes"),
    server: fields.usable(item.server, TEXT, "models_on_disk.server"),
    url: fields.usable(item.url, URL_TEXT, "models_on_disk.url"),
    port: fields.usable(item.port, PORT, "models_on_disk.port"),
    reachable: fields.usable(item.reachable, REACH, "models_on_disk.reachable"),
  };
}
