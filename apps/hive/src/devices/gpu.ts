/** A GPU as its source describes it, for the list of devices and for telemetry alike. What a source does not say is null. */
export interface Gpu {
  readonly index: number;
  readonly name: string;
  readonly vendor: "nvidia" | "amd" | "intel" | null;
  /** What drives it. */
  readonly backend: "cuda" | "rocm" | null;
  readonly uuid: string | null;
  /** Its place on the bus, as Linux writes it: `0000:01:00.0`. */
  readonly busId: string | null;
  readonly memoryTotalBytes: number | null;
  /** It has no memory of its own, but works in the host's. */
  readonly unified: boolean;
}

/** What a GPU does just now. */
export interface Load {
  readonly memoryUsedBytes: number | null;
  readonly utilizationPercent: number | null;
  readonly temperatureCelsius: number | null;
  readonly powerWatts: number | null;
}

/** What a source of GPUs answered: none are `[]`, and null are those that it could not read. */
export interface GpuReading<G> {
  gpus: G[] | null;
  /** In words, what could not be read. */
  problems: string[];
  /** Set where the source is not there at all: the program that reads it is not installed. */
  missing?: string;
}

export const MAX_NAME_LENGTH = 256;
/** GPUs that a host may have; what a source says beyond that is nonsense. */
export const MAX_GPUS = 1024;
