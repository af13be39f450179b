import { type DeviceCapabilities, DeviceCapabilitiesJson, toDeviceCapabilitiesJson } from "@repo/device-types";

/** The text for the `devices_json` column, of devices that were checked. */
export function encodeDevices(devices: DeviceCapabilities | null): string | null {
  return devices && JSON.stringify(toDeviceCapabilitiesJson(devices));
}

/** Devices from the text of the `devices_json` column. Throws an Error that says what is wrong with it. */
export function decodeDevices(text: string): DeviceCapabilities {
  const json: unknown = JSON.parse(text);
  return usualDevices(json) ?? anyDevices(json);
}

/** Zod's rules, for everything that is not usual, and for saying what is wrong. */
function anyDevices(json: unknown): DeviceCapabilities {
  const result = DeviceCapabilitiesJson.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(`${issue?.path.join(".") || "it"}: ${issue?.message}`);
}

/** Well inside the bounds of @repo/device-types. */
const USUAL_MAX = 1_000_000;
const USUAL_GPUS = 64;
const USUAL_NAME_LENGTH = 128;

/**
 * Devices as this package writes them, checked by hand in a fraction of the time that zod takes (docs/performance.md). Undefined for
 * what is written in another way or is unusual; that may be sound all the same.
 */
function usualDevices(json: unknown): DeviceCapabilities | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  const { cpu, gpus } = json as { cpu?: Record<string, unknown> | null; gpus?: unknown };
  if (!Array.isArray(gpus) || gpus.length > USUAL_GPUS) return undefined;
  const devices: DeviceCapabilities = { cpu: null, gpus: [] };
  if (cpu !== null) {
    if (typeof cpu !== "object" || !isUsual(cpu.cores, 1) || !isUsual(cpu.ram_gb, 0)) return undefined;
    devices.cpu = { cores: cpu.cores, ramGb: cpu.ram_gb };
  }
  let former = -1;
  for (const gpu of gpus as (Record<string, unknown> | null)[]) {
    if (typeof gpu !== "object" || gpu === null) return undefined;
    const { index, name, vram_gb: vramGb } = gpu;
    if (!isUsual(index, former + 1) || !isUsual(vramGb, 0)) return undefined;
    if (typeof name !== "string" || name === "" || name.length > USUAL_NAME_LENGTH) return undefined;
    devices.gpus.push({ index, name, vramGb });
    former = index;
  }
  return devices;
}

function isUsual(value: unknown, min: number): value is number {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= USUAL_MAX;
}
