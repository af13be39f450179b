import type { DeviceCapabilities, GpuRequirement } from "@repo/device-types";
import type { Labels, Selector } from "@repo/hive-catalog";

/** Kinds of hives that are recognized. */
const MAX_KINDS = 1000;
const NO_LABELS: Labels = {};

interface KnownLabels {
  readonly labels: Labels;
  /** Monotonic. */
  readonly atMs: number;
}

/** What work may be asked for by: the labels and devices of hives, as the catalog has them. A hive that has none takes no room here. */
export class Traits {
  readonly #labels = new Map<string, KnownLabels>();
  readonly #devices = new Map<string, DeviceCapabilities>();
  /** Hives of one kind share one object. */
  readonly #kinds = new Map<string, DeviceCapabilities>();

  /** A caller changed them: they are these now. */
  changed(id: string, labels: Labels, nowMs: number): void {
    this.#labels.set(id, { labels, atMs: nowMs });
  }

  /** They were read at `readAtMs`. */
  learnLabels(id: string, labels: Labels | undefined, readAtMs: number): void {
    if ((this.#labels.get(id)?.atMs ?? readAtMs) > readAtMs) return;
    if (labels === undefined) this.#labels.delete(id);
    else this.#labels.set(id, { labels, atMs: readAtMs });
  }

  learnDevices(id: string, devices: DeviceCapabilities | null): void {
    if (devices === null) this.#devices.delete(id);
    else this.#devices.set(id, this.#kindOf(devices));
  }

  forget(id: string): void {
    this.#labels.delete(id);
    this.#devices.delete(id);
  }

  /** Tells of hives whether they are chosen. */
  chooser(selector: Selector | undefined, gpu: GpuRequirement | undefined): (id: string) => boolean {
    const met = new Map<DeviceCapabilities | undefined, boolean>();
    return (id) => {
      if (selector?.matches(this.#labels.get(id)?.labels ?? NO_LABELS) === false) return false;
      if (gpu === undefined) return true;
      const devices = this.#devices.get(id);
      const isMet = met.get(devices) ?? gpu.matches(devices ?? null);
      met.set(devices, isMet);
      return isMet;
    };
  }

  #kindOf(devices: DeviceCapabilities): DeviceCapabilities {
    const key = JSON.stringify(devices);
    const kind = this.#kinds.get(key) ?? devices;
    if (this.#kinds.size === MAX_KINDS) this.#kinds.clear();
    this.#kinds.set(key, kind);
    return kind;
  }
}
