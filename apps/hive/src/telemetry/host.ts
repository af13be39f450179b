import { readFileSync } from "node:fs";
import os from "node:os";
import { readMemory } from "../devices/limits.ts";

export interface HostTelemetry {
  /** Null where they could not be read. */
  memory_total_bytes: number | null;
  memory_used_bytes: number | null;
  /** Of all cores together; null until there is an earlier reading to compare with. */
  cpu_percent: number | null;
}

interface Times {
  /** In any unit. */
  busy: number;
  all: number;
}

/** Memory of this host, and how busy its processors were since the reading before. */
export class HostMeter {
  #before: Times | undefined;

  read(): HostTelemetry {
    const { totalBytes, usedBytes } = memoryIfReadable();
    const now = cpuTimes();
    const cpuPercent = percentSince(this.#before, now);
    this.#before = now;
    return { memory_total_bytes: totalBytes, memory_used_bytes: usedBytes, cpu_percent: cpuPercent };
  }
}

function memoryIfReadable() {
  try {
    return readMemory();
  } catch {
    return { totalBytes: null, usedBytes: null };
  }
}

function percentSince(before: Times | undefined, now: Times): number | null {
  if (before === undefined || now.all <= before.all) return null;
  const percent = (100 * (now.busy - before.busy)) / (now.all - before.all);
  return Math.round(Math.min(100, Math.max(0, percent)) * 10) / 10;
}

/** The first line of this file is the sum of all cores; `os.cpus()` reads several files for each. */
function cpuTimes(): Times {
  try {
    const [, ...words] = (readFileSync("/proc/stat", "utf8").split("\n")[0] ?? "").trim().split(/\s+/);
    // The last two are in the first two already.
    const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, ...others] = words.slice(0, 8).map(Number);
    const busy = user + nice + system + others.reduce((sum, time) => sum + time, 0);
    return { busy, all: busy + idle + waiting };
  } catch {
    const times = os.cpus().map((core) => core.times);
    const idle = times.reduce((sum, time) => sum + time.idle, 0);
    const busy = times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, 0);
    return { busy, all: busy + idle };
  }
}
