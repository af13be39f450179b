import type { DeviceCapabilities, GpuDevice, GpuRequirement } from "@repo/device-types";
import type { Labels, Selector } from "@repo/hive-catalog";

/** Kinds of hives that are recognized. */
const MAX_KINDS = 1000;
const NO_LABELS: Labels = {};

interface KnownLabels {
  readonly labels: Labels;
  /** Monotonic. */
  readonly atMs: number;
}

/** What requirements ask of devices, and where each stands: all else, such as a `uuid`, is other on each hive. */
type Kind = Pick<DeviceCapabilities, "cpu"> & {
  readonly gpus: readonly Pick<GpuDevice, "index" | "name" | "vendor" | "vramGb" | "unified">[] | null;
};

interface KnownDevices {
  readonly kind: Kind | null;
  /** Monotonic. */
  readonly atMs: number;
}

/** What work may be asked for by: the labels and devices of hives, as the catalog has them. */
export class Traits {
  readonly #labels = new Map<string, KnownLabels>();
  readonly #devices = new Map<string, KnownDevices>();
  /** Hives of one kind share one object. */
  readonly #kinds = new Map<string, Kind>();

  /** A caller changed them: they are these now. */
  changed(id: string, labels: Labels, nowMs: number): void {
    this.#labels.set(id, { labels, atMs: nowMs });
  }

  /** They were read at `readAtMs`; returns whether they are other ones than were known. */
  learnLabels(id: string, labels: Labels | undefined, readAtMs: number): boolean {
    const known = this.#labels.get(id);
    if ((known?.atMs ?? readAtMs) > readAtMs) return false;
    if (labels === undefined) this.#labels.delete(id);
    else this.#labels.set(id, { labels, atMs: readAtMs });
    return areOther(known?.labels ?? NO_LABELS, labels ?? NO_LABELS);
  }

  /** Whether a hive may have that value of a label: of one without any, it may not be known yet. */
  mayHave(id: string, key: string, value: string | undefined): boolean {
    const known = this.#labels.get(id);
    return known === undefined || known.labels[key] === value;
  }

  /** As far as they are the same on all hives of its kind; null while they are not known. */
  devicesOf(id: string): Kind | null {
    return this.#devices.get(id)?.kind ?? null;
  }

  /** The same; returns whether they are no older than those that are known. */
  learnDevices(id: string, devices: DeviceCapabilities | null, readAtMs: number): boolean {
    if ((this.#devices.get(id)?.atMs ?? readAtMs) > readAtMs) return false;
    this.#devices.set(id, { kind: devices && this.#kindOf(devices), atMs: readAtMs });
    return true;
  }

  forget(id: string): void {
    this.#labels.delete(id);
    this.#devices.delete(id);
  }

  /** Tells of hives whether they are chosen. */
  chooser(selector: Selector | undefined, gpu: GpuRequirement | undefined): (id: string) => boolean {
    const met = new Map<Kind | null, boolean>();
    return (id) => {
      if (selector?.matches(this.#labels.get(id)?.labels ?? NO_LABELS) === false) return false;
      if (gpu === undefined) return true;
      const kind = this.#devices.get(id)?.kind ?? null;
      const isMet = met.get(kind) ?? gpu.matches(kind);
      met.set(kind, isMet);
      return isMet;
    };
  }

  #kindOf({ cpu, gpus }: DeviceCapabilities): Kind {
    const kind = {
      cpu,
      gpus: gpus?.map(({ index, name, vendor, vramGb, unified }) => ({ index, name, vendor, vramGb, unified })) ?? null,
    };
    const key = JSON.stringify(kind);
    const known = this.#kinds.get(key);
    if (known !== undefined) return known;
    if (this.#kinds.size === MAX_KINDS) this.#kinds.clear();
    this.#kinds.set(key, kind);
    return kind;
  }
}

function areOther(labels: Labels, others: Labels): boolean {
  const keys = Object.keys(labels);
  return keys.length !== Object.keys(others).length || keys.some((key) => labels[key] !== others[key]);
}
