import { readdir, readFile, readlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { unlessExhausted } from "@repo/processes";
import type { Gpu } from "./gpu.ts";

/** A graphics card or accelerator as the kernel lists it. To read this wakes no card. */
export interface PciGpu {
  readonly busId: string;
  readonly vendor: NonNullable<Gpu["vendor"]>;
  /** Four digits, which the vendor gave this model. */
  readonly deviceId: string;
  /** The largest memory window, or what the driver says of its memory; null where neither tells. */
  readonly memory: { readonly windowBytes: number; readonly ownBytes: number | null };
  readonly driver: string | null;
  readonly isAsleep: boolean;
}

/** Drivers that keep a card for a virtual machine. */
const KEEPERS = /vfio[-_]pci$|^pci-stub$|pciback$/;
/** No program of this host can read it. */
export const isGivenAway = ({ driver }: PciGpu): boolean => KEEPERS.test(driver ?? "");

const SYSFS = "/sys";
const VENDORS: Record<string, PciGpu["vendor"]> = { "0x10de": "nvidia", "0x1002": "amd", "0x8086": "intel" };
/** Display controllers, and processing accelerators, which some cards without a plug for a screen are. */
const CLASSES = /^0x(?:03|1200)/;
/** Intel's accelerators are parts of processors (NPUs). */
const CLASSES_OF_INTEL = /^0x03/;

/** Undefined where there is no such list, as on other systems than Linux. Rejects where it cannot be read for lack of means. */
export async function readPciGpus(sysfs = SYSFS): Promise<PciGpu[] | undefined> {
  const folder = folderOf(sysfs);
  const busIds = await readdir(folder).catch(unlessExhausted);
  const gpus = await Promise.all(busIds?.toSorted().map((busId) => readPciGpu(join(folder, busId), busId)) ?? []);
  return busIds && gpus.filter((gpu) => gpu !== undefined);
}

const folderOf = (sysfs: string) => join(sysfs, "bus/pci/devices");

/** Where the kernel tells of a card. */
export const folderOfCard = (busId: string, sysfs = SYSFS): string => join(folderOf(sysfs), busId);

async function readPciGpu(folder: string, busId: string): Promise<PciGpu | undefined> {
  const vendor = VENDORS[(await textIn(folder, "vendor")) ?? ""];
  if (vendor === undefined) return undefined;
  const classes = vendor === "intel" ? CLASSES_OF_INTEL : CLASSES;
  if (!classes.test((await textIn(folder, "class")) ?? "")) return undefined;
  const driver = await readlink(join(folder, "driver")).catch(() => null);
  return {
    busId,
    vendor,
    deviceId: ((await textIn(folder, "device")) ?? "").replace("0x", ""),
    memory: {
      windowBytes: largestWindow((await textIn(folder, "resource")) ?? ""),
      ownBytes: await numberAt(folder, "mem_info_vram_total"),
    },
    driver: driver && basename(driver),
    isAsleep: (await textIn(folder, "power/runtime_status"))?.startsWith("suspend") ?? false,
  };
}

/** Each line is a window: where it begins, where it ends, flags. */
function largestWindow(resource: string): number {
  const sizes = resource.split("\n").map((line) => {
    const [start = 0, end = 0] = line.split(" ").map(Number);
    return end > start ? end - start + 1 : 0;
  });
  return Math.max(0, ...sizes);
}

async function textIn(folder: string, name: string): Promise<string | undefined> {
  return (await readFile(join(folder, name), "utf8").catch(unlessExhausted))?.trim();
}

/** Null where the file is not there, or holds no whole number: drivers answer an error for what they do not know. Rejects as `readPciGpus`. */
export async function numberAt(folder: string, name: string): Promise<number | null> {
  const text = await textIn(folder, name);
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
