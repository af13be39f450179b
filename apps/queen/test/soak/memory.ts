import { readFileSync } from "node:fs";
import { median } from "./figures.ts";

const SAMPLE_MS = 1000;
const MAX_MB = 600;
/** The last third against the one in the middle; in the first one the queen warms up. */
const MAX_GROWTH = 1.2;
/** Of less, the engine leaves its garbage lie now in this third, now in that. */
const MIN_SAMPLES = 600;

/** What is in RAM of some processes, once a second. */
export class Memory implements Disposable {
  readonly #samplesMb = new Map<string, number[]>();
  readonly #timer: NodeJS.Timeout;

  constructor(pids: Readonly<Record<string, number>>) {
    for (const name of Object.keys(pids)) this.#samplesMb.set(name, []);
    this.#timer = setInterval(() => {
      for (const [name, pid] of Object.entries(pids)) {
        const mb = rssMb(pid);
        if (mb !== undefined) this.#samplesMb.get(name)?.push(mb);
      }
    }, SAMPLE_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  nowMb(name: string): number {
    return Math.round(this.#samplesMb.get(name)?.at(-1) ?? 0);
  }

  /** In whole MB: the most, and the medians of the middle and the last third. */
  figures(): Record<string, { mostMb: number; middleMb: number; lastMb: number }> {
    return Object.fromEntries(
      [...this.#samplesMb].map(([name, samples]) => {
        const third = Math.floor(samples.length / 3);
        const [mostMb = 0, middleMb = 0, lastMb = 0] = [
          Math.max(0, ...samples),
          median(samples.slice(third, 2 * third)),
          median(samples.slice(2 * third)),
        ].map(Math.round);
        return [name, { mostMb, middleMb, lastMb }];
      }),
    );
  }

  #isLong(name: string): boolean {
    return (this.#samplesMb.get(name)?.length ?? 0) >= MIN_SAMPLES;
  }

  problems(): string[] {
    return Object.entries(this.figures()).flatMap(([name, { mostMb, middleMb, lastMb }]) => [
      ...(mostMb >= MAX_MB ? [`${name} took ${mostMb} MB: not less than ${MAX_MB}`] : []),
      ...(this.#isLong(name) && lastMb > MAX_GROWTH * middleMb
        ? [`the memory of ${name} grew from ${middleMb} to ${lastMb} MB`]
        : []),
    ]);
  }
}

function rssMb(pid: number): number | undefined {
  try {
    const [, kb] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kb === undefined ? undefined : Number(kb) / 1024;
  } catch {
    return undefined;
  }
}
