import {
  type DeviceCapabilities,
  type GpuDevice,
  type GpuRequirement,
  toDeviceCapabilitiesJson,
} from "@repo/device-types";
import { type HiveRecord, type Labels, labelOf, type Selector } from "@repo/hive-catalog";
import { Digests } from "./digests.ts";

/** Different ones that are recognized. */
const MAX_HARDWARE = 1000;

/** What of a hive is told to be other; the address is also that of SSH. */
const TRAITS = ["address", "devices", "labels"] as const;
export type Trait = (typeof TRAITS)[number];

/** What requirements ask of devices, and where each stands: all else, such as a `uuid`, is other on each hive. */
export type Hardware = Pick<DeviceCapabilities, "cpu"> & {
  readonly gpus: readonly Pick<GpuDevice, "index" | "name" | "vendor" | "vramGb" | "unified">[] | null;
  /** The indexes of GPUs without memory of their own; undefined where there are none. */
  readonly unified: ReadonlySet<number> | undefined;
};

/** What the catalog says of hives beside their status: the labels and devices by which work may be asked for, and digests, by which it shows when another program changes something. */
export class Traits {
  /** By hive, and since when that is known: monotonic times. */
  readonly #labels = new Map<string, { readonly labels: Labels; readonly atMs: number }>();
  readonly #devices = new Map<string, { readonly hardware: Hardware | null; readonly atMs: number }>();
  /** One object for all hives that have the same. */
  readonly #hardware = new Map<string, Hardware>();
  readonly #accessDigests = new Digests();
  readonly #devicesDigests = new Digests();
  readonly #writeDigests = new Digests();

  /** It was so at `atMs`; answers what of it was known and is other. Labels that are not given are as they were. */
  learn(hive: HiveRecord, labels: Labels | undefined, atMs: number): Trait[] {
    const { id, host, port, sshHost, sshPort, sshUser, createdAtMs, devices } = hive;
    const isOther: Record<Trait, boolean> = {
      address: this.#accessDigests.learn(id, [host, port, sshHost, sshPort, sshUser, createdAtMs], atMs),
      devices: this.#devicesDigests.learn(id, jsonOf(devices), atMs),
      labels: labels !== undefined && this.#learnLabels(id, labels, atMs),
    };
    return TRAITS.filter((trait) => isOther[trait]);
  }

  /** It was so at `atMs`; answers whether another program wrote it since it was known, also where it is again as it was. */
  learnWrite({ id, updatedAtMs }: HiveRecord, atMs: number): boolean {
    return this.#writeDigests.learn(id, updatedAtMs, atMs);
  }

  /** The queen herself wrote something of it. */
  wrote(id: string, atMs: number): void {
    this.#writeDigests.madeOther(id, atMs);
  }

  /** The queen herself wrote its devices. */
  wroteDevices(id: string, devices: DeviceCapabilities, atMs: number): void {
    this.#devicesDigests.learn(id, jsonOf(devices), atMs);
    this.wrote(id, atMs);
  }

  /** Whether a hive may have that value of a label: of one that was not read yet, it is not known. */
  mayHave(id: string, key: string, value: string | undefined): boolean {
    const known = this.#labels.get(id);
    return known === undefined || labelOf(known.labels, key) === value;
  }

  /** What of them requirements ask; null while they are not known. */
  devicesOf(id: string): Hardware | null {
    return this.#devices.get(id)?.hardware ?? null;
  }

  /** The indexes of those of its GPUs that have no memory of their own; undefined where there are none, or that is not known. */
  unifiedOf(id: string): ReadonlySet<number> | undefined {
    return this.devicesOf(id)?.unified;
  }

  /** What is asked of them is learned from these; returns whether they are no older than those that are known. */
  learnDevices(id: string, devices: DeviceCapabilities | null, readAtMs: number): boolean {
    if ((this.#devices.get(id)?.atMs ?? readAtMs) > readAtMs) return false;
    this.#devices.set(id, { hardware: devices && this.#hardwareOf(devices), atMs: readAtMs });
    return true;
  }

  forget(id: string): void {
    this.#labels.delete(id);
    this.#devices.delete(id);
    this.#accessDigests.forget(id);
    this.#devicesDigests.forget(id);
    this.#writeDigests.forget(id);
  }

  /** Tells of hives whether they are chosen. */
  chooser(selector: Selector | undefined, gpu: GpuRequirement | undefined): (id: string) => boolean {
    const met = new Map<Hardware | null, boolean>();
    return (id) => {
      if (selector?.matches(this.#labels.get(id)?.labels ?? {}) === false) return false;
      if (gpu === undefined) return true;
      const hardware = this.devicesOf(id);
      const isMet = met.get(hardware) ?? gpu.matches(hardware);
      met.set(hardware, isMet);
      return isMet;
    };
  }

  #learnLabels(id: string, labels: Labels, atMs: number): boolean {
    const known = this.#labels.get(id);
    if (known !== undefined && known.atMs > atMs) return false;
    this.#labels.set(id, { labels, atMs });
    return known !== undefined && areOther(known.labels, labels);
  }

  #hardwareOf({ cpu, gpus }: DeviceCapabilities): Hardware {
    const asked = {
      cpu,
      gpus: gpus?.map(({ index, name, vendor, vramGb, unified }) => ({ index, name, vendor, vramGb, unified })) ?? null,
    };
    const key = JSON.stringify(asked);
    const known = this.#hardware.get(key);
    if (known !== undefined) return known;
    const indexes = asked.gpus?.filter(({ unified }) => unified === true).map(({ index }) => index) ?? [];
    const hardware = { ...asked, unified: indexes.length === 0 ? undefined : new Set(indexes) };
    if (this.#hardware.size === MAX_HARDWARE) this.#hardware.clear();
    this.#hardware.set(key, hardware);
    return hardware;
  }
}

const jsonOf = (devices: DeviceCapabilities | null) => devices && toDeviceCapabilitiesJson(devices);

function areOther(labels: Labels, others: Labels): boolean {
  const keys = Object.keys(labels);
  return keys.length !== Object.keys(others).length || keys.some((key) => labels[key] !== others[key]);
}
