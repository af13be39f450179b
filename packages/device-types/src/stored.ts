import { type DeviceCapabilities, type GpuDevice, isName, U32_MAX } from "./devices.ts";

type Json = Record<string, unknown>;

/**
 * Devices from their stored JSON, which may be of the ancestor system ("id":"gpu0" in place of an index) and hold further keys. Held to what
 * they are, not to what is asked of input; by hand in a fraction of the time that zod takes. Throws an Error that says what is wrong.
 */
export function decodeDevices(json: unknown): DeviceCapabilities {
  const { cpu, gpus } = objectAt("it", json);
  if (gpus !== null && !Array.isArray(gpus)) throw new Error("gpus: must be a list, or null");
  return {
    cpu: cpu === null || cpu === undefined ? null : cpuIn(objectAt("cpu", cpu)),
    gpus: gpus === null ? null : gpus.map(gpuIn),
  };
}

function cpuIn({ cores, ram_gb }: Json): DeviceCapabilities["cpu"] {
  return { cores: u32At("cpu.cores", cores), ramGb: u32At("cpu.ram_gb", ram_gb) };
}

function gpuIn(json: unknown, place: number): GpuDevice {
  const { index, id, name, vram_gb, uuid, vendor, backend, unified } = objectAt("gpus", json, place);
  if (typeof name !== "string") throw new Error(`gpus.${place}.name: must be text`);
  const gpu: GpuDevice = {
    index: u32At("index", index ?? ancestorsIndex(id), place),
    name,
    vramGb: vram_gb === null ? null : u32At("vram_gb", vram_gb, place),
  };
  // What cannot be one is what another program keeps under the same name.
  if (isName(uuid)) gpu.uuid = uuid;
  if (isName(vendor)) gpu.vendor = vendor;
  if (isName(backend)) gpu.backend = backend;
  if (typeof unified === "boolean") gpu.unified = unified;
  return gpu;
}

function ancestorsIndex(id: unknown): number | undefined {
  const [, digits] = /^gpu(\d{1,9})$/.exec(String(id)) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

function objectAt(path: string, json: unknown, place?: number): Json {
  if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as Json;
  throw new Error(`${path}${place === undefined ? "" : `.${place}`}: must be an object`);
}

function u32At(name: string, value: unknown, place?: number): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= U32_MAX) return value as number;
  const path = place === undefined ? name : `gpus.${place}.${name}`;
  throw new Error(`${path}: must be an integer from 0 to ${U32_MAX}`);
}
