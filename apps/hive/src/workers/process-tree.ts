import { availableParallelism } from "node:os";
import type { Proc, Stat } from "./proc.ts";

const BYTES_PER_KB = 1024;
/** What Linux tells every program, whatever the kernel counts in. */
export const TICKS_PER_SECOND = 100;

/** All processes at one moment, as parents and children. */
export class ProcessTree {
  readonly readAtMs: number;
  readonly #stats: ReadonlyMap<number, Stat>;
  readonly #children = new Map<number, number[]>();

  /** `readAtMs` is of a clock that never jumps. */
  constructor(stats: readonly Stat[], readAtMs: number) {
    this.readAtMs = readAtMs;
    this.#stats = new Map(stats.map((stat) => [stat.pid, stat]));
    for (const { pid, parentId } of stats) {
      const siblings = this.#children.get(parentId);
      if (siblings === undefined) this.#children.set(parentId, [pid]);
      else siblings.push(pid);
    }
  }

  stat(pid: number): Stat | undefined {
    return this.#stats.get(pid);
  }

  /** Its parent, the parent of that, and so on. */
  ancestorsOf(pid: number): number[] {
    const ancestors: number[] = [];
    for (let at = this.#stats.get(pid)?.parentId; at !== undefined && at > 0; at = this.#stats.get(at)?.parentId) {
      // Read one after the other, processes that end and begin meanwhile could stand in a circle.
      if (ancestors.includes(at)) break;
      ancestors.push(at);
    }
    return ancestors;
  }

  /** A process and all that it started. */
  withDescendants(pid: number): number[] {
    const all = new Set(this.#stats.has(pid) ? [pid] : []);
    for (const one of all) for (const child of this.#children.get(one) ?? []) all.add(child);
    return [...all];
  }

  /** Processor time of a process and its descendants since an earlier look, as a part of one core: 100 is one core. Undefined without one. */
  cpuPercent(pid: number, before: ProcessTree | undefined): number | undefined {
    const elapsedMs = before === undefined ? 0 : this.readAtMs - before.readAtMs;
    const startTime = this.#stats.get(pid)?.startTime;
    if (elapsedMs <= 0 || startTime === undefined || before?.stat(pid)?.startTime !== startTime) return undefined;
    const ticks = this.withDescendants(pid).reduce((sum, one) => sum + this.#ticksSince(one, before), 0);
    const percent = (ticks / TICKS_PER_SECOND / (elapsedMs / 1000)) * 100;
    // Ticks are coarse: a short time could show more than there is.
    return Math.round(Math.min(percent, availableParallelism() * 100) * 10) / 10;
  }

  #ticksSince(pid: number, before: ProcessTree): number {
    const now = this.#stats.get(pid);
    const then = before.stat(pid);
    if (now === undefined) return 0;
    return now.ticks - (then?.startTime === now.startTime ? then.ticks : 0);
  }
}

/** Memory that these processes hold for themselves: a model that is mapped from its file would be counted in each of them. */
export function ramBytesOf(proc: Proc, pids: readonly number[]): number | undefined {
  const known = pids.map((pid) => proc.status(pid)).filter((status) => status.has("RssAnon"));
  if (known.length === 0) return undefined;
  return known.reduce((sum, of) => sum + ((of.get("RssAnon") ?? 0) + (of.get("RssShmem") ?? 0)) * BYTES_PER_KB, 0);
}
