import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Load } from "../devices/gpu.ts";
import { folderOfCard, numberAt } from "../devices/pci.ts";

const MILLI = 1000;
const MICRO = 1_000_000;

/** What the amdgpu driver tells of a card that is awake: to read this wakes one that sleeps. */
export async function readAmdLoad(busId: string, sysfs?: string): Promise<Load> {
  const folder = folderOfCard(busId, sysfs);
  const sensors = await sensorsOf(folder);
  const temperature = await numberAt(sensors, "temp1_input");
  // One or the other, by the age of the card.
  const power = (await numberAt(sensors, "power1_average")) ?? (await numberAt(sensors, "power1_input"));
  return {
    memoryUsedBytes: await numberAt(folder, "mem_info_vram_used"),
    utilizationPercent: await numberAt(folder, "gpu_busy_percent"),
    temperatureCelsius: temperature === null ? null : temperature / MILLI,
    powerWatts: power === null ? null : power / MICRO,
  };
}

async function sensorsOf(folder: string): Promise<string> {
  const [name = ""] = await readdir(join(folder, "hwmon")).catch(() => []);
  return join(folder, "hwmon", name);
}
