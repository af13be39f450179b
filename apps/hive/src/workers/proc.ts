import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ProcessStat, parseStat, unlessExhausted } from "@repo/processes";

export interface Stat extends ProcessStat {
  readonly pid: number;
}

/**
 * Reads `/proc`, or a folder that looks like it. What is not there, or not for this user, is undefined; what cannot be read for lack of means throws.
 * Without waiting it reads only what the kernel has at hand: `cmdline` and `environ` can hang where a process hangs in a driver.
 */
export class Proc {
  readonly #root: string;

  constructor(root = "/proc") {
    this.#root = root;
  }

  async text(...path: readonly string[]): Promise<string | undefined> {
    return readFile(join(this.#root, ...path), "utf8").catch(unlessExhausted);
  }

  async argv(pid: number): Promise<readonly string[]> {
    const text = (await this.text(String(pid), "cmdline")) ?? "";
    return text.replace(/\0+$/, "").split("\0");
  }

  async environment(pid: number): Promise<Record<string, string> | undefined> {
    const text = await this.text(String(pid), "environ");
    return text === undefined ? undefined : parseEnvironment(text);
  }

  /** Of all processes but those that have ended. */
  stats(): Stat[] {
    const pids = this.#names().filter((name) => /^[1-9]\d*$/.test(name));
    return pids.flatMap((pid) => this.stat(Number(pid)) ?? []);
  }

  /** Undefined for one that has ended, also where its parent has not collected it. */
  stat(pid: number): Stat | undefined {
    const stat = parseStat(this.#textNow(String(pid), "stat") ?? "");
    return stat && { pid, ...stat };
  }

  /** Since the host was started; undefined where it does not say it. */
  uptimeSeconds(): number | undefined {
    const text = this.#textNow("uptime");
    return text === undefined ? undefined : Number.parseFloat(text);
  }

  /** Undefined where that cannot be read. */
  isRunning({ pid, startTime }: { readonly pid: number; readonly startTime: string }): boolean | undefined {
    try {
      return this.stat(pid)?.startTime === startTime;
    } catch {
      return undefined;
    }
  }

  /** Lines of `status`, such as `VmRSS`, in numbers as they stand there. */
  status(pid: number): ReadonlyMap<string, number> {
    return parseStatus(this.#textNow(String(pid), "status") ?? "");
  }

  /** The sockets that a process has open, by their inodes. Root without CAP_SYS_PTRACE, as in a container, may list what others have open, and not see what it is. */
  sockets(pid: number): ReadonlySet<string> | undefined {
    const names = this.#names(String(pid), "fd");
    const targets = names.flatMap((name) => this.#linkNow(String(pid), "fd", name) ?? []);
    if (targets.length === 0) return undefined;
    return new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []));
  }

  #names(...path: readonly string[]): string[] {
    try {
      return readdirSync(join(this.#root, ...path));
    } catch (error) {
      return unlessExhausted(error) ?? [];
    }
  }

  #textNow(...path: readonly string[]): string | undefined {
    try {
      return readFileSync(join(this.#root, ...path), "utf8");
    } catch (error) {
      return unlessExhausted(error);
    }
  }

  #linkNow(...path: readonly string[]): string | undefined {
    try {
      return readlinkSync(join(this.#root, ...path));
    } catch {
      return undefined;
    }
  }
}

export function parseStatus(text: string): Map<string, number> {
  const lines = text.matchAll(/^(\w+):\s+(\d+)/gm);
  return new Map([...lines].map(([, name = "", value]) => [name, Number(value)]));
}

function parseEnvironment(text: string): Record<string, string> {
  const entries = text.split("\0").map((entry) => /^([^=]+)=(.*)$/s.exec(entry));
  return Object.fromEntries(entries.flatMap((entry) => (entry === null ? [] : [[entry[1], entry[2]]])));
}
