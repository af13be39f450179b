import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Gpu } from "../devices/gpu.ts";
import type { ProcessMemory } from "../devices/nvidia-smi.ts";
import type { PciGpu } from "../devices/pci.ts";

/** Memory of GPUs by the process that holds it; null is what is not known. A part of a GPU has an id of its own, which is none of a GPU. */
export type GpuMemoryByPid = ReadonlyMap<number, readonly { gpuIndex: number | null; bytes: number | null }[]>;

/**
 * Which cards nvidia-smi may be asked for: undefined stands for all. It wakes each that it looks at, and without being told it looks at each that
 * its driver has; a card given to a virtual machine is not one of them.
 */
export function cardsToAsk(cards: readonly PciGpu[]): string[] | undefined {
  const own = cards.filter(({ vendor, driver }) => vendor === "nvidia" && driver === "nvidia");
  return own.some(({ isAsleep }) => isAsleep)
    ? own.filter(({ isAsleep }) => !isAsleep).map(({ busId }) => busId)
    : undefined;
}

/**
 * By process, with GPUs by their index. Undefined when none of the processes is here: they are counted as the host does, and inside a container
 * their numbers belong to nobody, or to somebody else.
 */
export function memoryByPid(
  processes: readonly ProcessMemory[] | undefined,
  gpus: readonly Gpu[],
  proc = "/proc",
): GpuMemoryByPid | undefined {
  const here = processes?.filter(({ pid }) => existsSync(join(proc, `${pid}`)));
  if (here === undefined || (here.length === 0 && processes?.length !== 0)) return undefined;
  const indexes = new Map(gpus.map(({ uuid, index }) => [uuid, index]));
  const byPid = new Map<number, { gpuIndex: number | null; bytes: number | null }[]>();
  for (const { pid, uuid, usedBytes } of here) {
    const held = { gpuIndex: indexes.get(uuid) ?? null, bytes: usedBytes };
    byPid.set(pid, [...(byPid.get(pid) ?? []), held]);
  }
  return byPid;
}
