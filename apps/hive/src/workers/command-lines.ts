import { setTimeout as wait } from "node:timers/promises";
import type { CommandLine } from "./adapter.ts";
import type { Proc, Stat } from "./proc.ts";

/** A process may become the program that it is to be a while after it has started. */
const TIMES_READ = 4;
/** In hundredths of a second: whoever runs for so long has become what it is. */
const SETTLED_TICKS = 6000;
/** These run other programs in their place, that may have the same name. */
const MAY_BECOME_ITS_LIKE = /^(python[\d.]*|uv|(ba|da|z)?sh)$/;
const LOOK_AGAIN_MS = 60_000;
const WAIT_MS = 500;
/** Each that hangs holds one of the few threads that this program reads files with. */
const MAX_HANGING = 2;

interface Known extends CommandLine {
  readonly startTime: string;
  readonly name: string;
  readonly times: number;
  readonly readAtMs: number;
}

const UNKNOWN = { argv: [], environment: undefined, times: 0, readAtMs: 0 };

/** The command lines of processes. That of one which hangs in a driver cannot be read: most are read when the process is new, and then no more. */
export class CommandLines {
  readonly #proc: Proc;
  readonly #needsEnvironment: (argv: readonly string[]) => boolean;
  readonly #nowMs: () => number;
  #known: ReadonlyMap<number, Known> = new Map();
  readonly #hanging = new Set<number>();

  constructor(
    proc: Proc,
    needsEnvironment: (argv: readonly string[]) => boolean,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#proc = proc;
    this.#needsEnvironment = needsEnvironment;
    this.#nowMs = nowMs;
  }

  /** The processes that hang, when there are so many that no other is read; else none. */
  get stuckPids(): readonly number[] {
    return this.#hanging.size < MAX_HANGING ? [] : [...this.#hanging];
  }

  async of(stats: readonly Stat[]): Promise<(CommandLine & { readonly stat: Stat })[]> {
    const newest = stats.reduce((latest, { startTime }) => Math.max(latest, Number(startTime)), 0);
    const read: [number, Known][] = [];
    for (const stat of stats) {
      const times = newest - Number(stat.startTime) > SETTLED_TICKS ? 1 : TIMES_READ;
      read.push([stat.pid, await this.#of(stat, times)]);
    }
    this.#known = new Map(read);
    return stats.map((stat, at) => ({ ...UNKNOWN, ...read[at]?.[1], stat }));
  }

  async #of({ pid, startTime, name, isInKernel }: Stat, times: number): Promise<Known> {
    const last = this.#known.get(pid);
    const known = last?.startTime === startTime && last.name === name ? last : { ...UNKNOWN, startTime, name };
    const readAtMs = this.#nowMs();
    const isOld = readAtMs - known.readAtMs >= LOOK_AGAIN_MS && MAY_BECOME_ITS_LIKE.test(name) && !isInKernel;
    if (known.times >= times && !isOld) return known;
    const line = await this.#read(pid);
    return line === undefined ? known : { ...line, startTime, name, times: known.times + 1, readAtMs };
  }

  async #read(pid: number): Promise<CommandLine | undefined> {
    if (this.#hanging.has(pid) || this.#hanging.size >= MAX_HANGING) return undefined;
    this.#hanging.add(pid);
    const reading = this.#readNow(pid).finally(() => this.#hanging.delete(pid));
    return Promise.race([reading, wait(WAIT_MS, undefined, { ref: false })]);
  }

  async #readNow(pid: number): Promise<CommandLine> {
    const argv = await this.#proc.argv(pid);
    return { argv, environment: this.#needsEnvironment(argv) ? await this.#proc.environment(pid) : undefined };
  }
}
