import { type Gpu, type GpuReading, MAX_GPUS, MAX_NAME_LENGTH } from "./gpu.ts";
import { type PrintedCard, parseLspci } from "./lspci.ts";
import { type OutputOptions, outputOf } from "./output.ts";
import { isGivenAway, type PciGpu, readPciGpus } from "./pci.ts";

/** A GPU that nvidia-smi does not know, in the order of the bus. It has no index of its own. */
export type OtherGpu = Omit<Gpu, "index">;

export interface OtherReading extends GpuReading<OtherGpu> {
  /** Where there is a card of NVIDIA's that is this host's own, whether nvidia-smi can be asked about it or not. */
  nvidiaBusIds: string[];
  /** Set where a processor has graphics, which are no GPU here: programs may compute on them all the same, by Vulkan as an example. */
  hasGraphics?: true;
}

interface Card {
  busId: string;
  vendor: Gpu["vendor"];
  name: string;
  windowBytes: number;
  /** As the driver knows it. */
  ownBytes: number | null;
}

/** It is asked before nvidia-smi, which may take long. */
const LSPCI_TIMEOUT_MS = 1500;
/** A smaller window shows a part of the memory only, and is no measure of it. */
const MIN_WINDOW_BYTES = 2 ** 29;
/** A processor with graphics sets aside so much of the host's memory for its screen, and no more. */
const MAX_SCREEN_BYTES = 2 ** 29;
/** Where Intel's processors have their graphics: one function, or several that share it. */
const INTEL_INTEGRATED = /^0000:00:02\./;
const MAKERS = {
  amd: "Advanced Micro Devices, Inc. [AMD/ATI]",
  intel: "Intel Corporation",
  nvidia: "NVIDIA Corporation",
};

/** GPUs of AMD, Intel and others on Linux: from the kernel, with names and further cards by lspci. */
export async function readOtherGpus(options: OutputOptions & { sysfs?: string }): Promise<OtherReading> {
  try {
    return await readCards(await readPciGpus(options.sysfs), options);
  } catch (error) {
    options.signal.throwIfAborted();
    return { gpus: null, nvidiaBusIds: [], problems: [`the cards on the bus could not be read: ${error}`] };
  }
}

async function readCards(pci: PciGpu[] | undefined, options: OutputOptions): Promise<OtherReading> {
  const timeoutMs = Math.min(options.timeoutMs, LSPCI_TIMEOUT_MS);
  const output = await outputOf("lspci", ["-D", "-v"], { ...options, timeoutMs });
  const printed = "reason" in output ? [] : parseLspci(output.stdout);
  const givenAway = new Set(pci?.filter(isGivenAway).map(({ busId }) => busId));
  const cards = join(pci ?? [], printed).filter(({ busId }) => !givenAway.has(busId));
  const gpus = cards.filter(isOtherGpu).slice(0, MAX_GPUS).map(toGpu);
  const isSilent = pci === undefined && "stdout" in output && output.stdout.trim() === "";
  const failure = "reason" in output ? output.reason : (output.failure ?? (isSilent ? "wrote nothing" : undefined));
  const isMissing = "reason" in output && output.isMissing;
  const hasGraphics = cards.some((card) => (card.vendor === "amd" || card.vendor === "intel") && !isOtherGpu(card));
  return {
    ...(hasGraphics && { hasGraphics }),
    gpus: pci === undefined && printed.length === 0 && failure !== undefined ? null : gpus,
    nvidiaBusIds: cards.filter(({ vendor }) => vendor === "nvidia").map(({ busId }) => busId),
    problems: failure === undefined || isMissing ? [] : [`lspci ${failure}`],
    // Without a card only its absence from the kernel's list could be told, and the kernel knows.
    ...(isMissing && (pci === undefined || gpus.length > 0) && { missing: "lspci is not installed" }),
  };
}

/** What the kernel says of a card wins; lspci knows its name. */
function join(pci: PciGpu[], printed: PrintedCard[]): Card[] {
  const cards = new Map<string, Card>(
    printed.map((card) => [card.busId, { ...card, vendor: vendorIn(card.name), ownBytes: null }]),
  );
  for (const { busId, vendor, deviceId, memory } of pci) {
    const name = cards.get(busId)?.name ?? `${MAKERS[vendor]} Device ${deviceId}`;
    cards.set(busId, { busId, vendor, name, ...memory });
  }
  return [...cards.values()].toSorted((a, b) => (a.busId < b.busId ? -1 : 1));
}

function vendorIn(name: string): Gpu["vendor"] {
  if (/^nvidia/i.test(name)) return "nvidia";
  if (/^(?:Advanced Micro Devices|AMD)\b/.test(name)) return "amd";
  return /^Intel\b/.test(name) ? "intel" : null;
}

function isOtherGpu({ vendor, busId, ownBytes, windowBytes }: Card): boolean {
  if (vendor === "nvidia") return false;
  if (vendor === "amd") return ownBytes === null || ownBytes > MAX_SCREEN_BYTES;
  if (vendor === "intel") return !INTEL_INTEGRATED.test(busId);
  // A console's or a virtual machine's adapter has less.
  return windowBytes >= MIN_WINDOW_BYTES;
}

function toGpu({ busId, vendor, name, ownBytes, windowBytes }: Card): OtherGpu {
  return {
    name: name.slice(0, MAX_NAME_LENGTH),
    vendor,
    backend: vendor === "amd" && ownBytes !== null ? "rocm" : null,
    uuid: null,
    busId,
    memoryTotalBytes: ownBytes ?? (windowBytes >= MIN_WINDOW_BYTES ? windowBytes : null),
    unified: false,
  };
}
