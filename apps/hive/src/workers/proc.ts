import { readFileSync } from "node:fs";
import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";

/** Files that are open at once: more would only wait for each other. */
const AT_ONCE = 8;

/** From `/proc/<pid>/stat`. */
export interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly startTime: string;
  /** Time of the processor that it has used, in ticks. */
  readonly ticks: number;
}

/** Reads `/proc`, or a folder that looks like it. What is not there, or not for this user, is undefined. */
export class Proc {
  readonly #root: string;

  constructor(root = "/proc") {
    this.#root = root;
  }

  async text(...path: readonly string[]): Promise<string | undefined> {
    return readFile(join(this.#root, ...path), "utf8").catch(() => undefined);
  }

  async pids(): Promise<number[]> {
    const names = await readdir(this.#root).catch(() => []);
    return names.filter((name) => /^[1-9]\d*$/.test(name)).map(Number);
  }

  async argv(pid: number): Promise<readonly string[]> {
    const text = (await this.text(String(pid), "cmdline")) ?? "";
    return text.replace(/\0+$/, "").split("\0");
  }

  /** Undefined for one that has ended, also where its parent has not collected it. */
  async stat(pid: number): Promise<Stat | undefined> {
    const text = await this.text(String(pid), "stat");
    return text === undefined ? undefined : parseStat(pid, text);
  }

  /** Whether it runs at this moment; an answer that is not waited for. */
  isRunning({ pid, startTime }: { readonly pid: number; readonly startTime: string }): boolean {
    try {
      return parseStat(pid, readFileSync(join(this.#root, String(pid), "stat"), "utf8"))?.startTime === startTime;
    } catch {
      return false;
    }
  }

  /** Lines of `status`, such as `VmRSS`, in numbers as they stand there. */
  async status(pid: number): Promise<ReadonlyMap<string, number>> {
    return parseStatus((await this.text(String(pid), "status")) ?? "");
  }

  async environment(pid: number): Promise<Record<string, string> | undefined> {
    const text = await this.text(String(pid), "environ");
    return text === undefined ? undefined : parseEnvironment(text);
  }

  /** The sockets that a process has open, by their inodes. */
  async sockets(pid: number): Promise<ReadonlySet<string> | undefined> {
    const folder = join(this.#root, String(pid), "fd");
    const names = await readdir(folder).catch(() => undefined);
    if (names === undefined) return undefined;
    const targets = await allOf(names, (name) => readlink(join(folder, name)).catch(() => ""));
    return new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []));
  }
}

/** One result for each item, a few at a time. */
export async function allOf<Item, Result>(
  items: readonly Item[],
  make: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const work = async () => {
    for (const [position, item] of queue) results[position] = await make(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

/** The name of a process stands in parentheses and may hold anything; counted behind it, these are its words. */
const STATE = 0;
const PARENT = 1;
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;
const START_TIME = 19;

export function parseStat(pid: number, text: string): Stat | undefined {
  const words = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const startTime = words[START_TIME];
  if (startTime === undefined || words[STATE] === "Z" || words[STATE] === "X") return undefined;
  return {
    pid,
    parent: Number(words[PARENT]),
    startTime,
    ticks: Number(words[USER_TICKS]) + Number(words[SYSTEM_TICKS]),
  };
}

export function parseStatus(text: string): Map<string, number> {
  const lines = text.matchAll(/^(\w+):\s+(\d+)/gm);
  return new Map([...lines].map(([, name = "", value]) => [name, Number(value)]));
}

function parseEnvironment(text: string): Record<string, string> {
  const entries = text.split("\0").map((entry) => /^([^=]+)=(.*)$/s.exec(entry));
  return Object.fromEntries(entries.flatMap((entry) => (entry === null ? [] : [[entry[1], entry[2]]])));
}
