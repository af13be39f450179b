import { type DeviceCapabilities, DeviceCapabilitiesJson } from "@repo/device-types";

const MAX_REMEMBERED = 4096;
const MAX_REMEMBERED_LENGTH = 16_384;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Fleets are made of a few kinds of host: most rows hold a text that was decoded before. */
const remembered = new Map<string, DeviceCapabilities>();

/** The text for the `devices_json` column. */
export function encodeDevices(devices: DeviceCapabilities | null): string | null {
  return devices && JSON.stringify(DeviceCapabilitiesJson.encode(devices));
}

/** Devices from the hexadecimal form of the `devices_json` column. Throws an Error that says what is wrong with it. */
export function decodeDevices(hex: string): DeviceCapabilities {
  const known = remembered.get(hex);
  if (known) return copy(known);
  const devices = decode(hex);
  if (hex.length <= MAX_REMEMBERED_LENGTH) {
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(hex, copy(devices));
  }
  return devices;
}

function decode(hex: string): DeviceCapabilities {
  const json: unknown = JSON.parse(utf8.decode(Buffer.from(hex, "hex")));
  const result = DeviceCapabilitiesJson.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(`${issue?.path.join(".") || "it"}: ${issue?.message}`);
}

function copy({ cpu, gpus }: DeviceCapabilities): DeviceCapabilities {
  return {
    cpu: cpu && { cores: cpu.cores, ramGb: cpu.ramGb },
    gpus: gpus.map(({ index, name, vramGb }) => ({ index, name, vramGb })),
  };
}
