import { runScript } from "./child.ts";
import type { Benchmark, Result } from "./result.ts";

const SCRIPT = new URL("./own-process-child.ts", import.meta.url);

/**
 * The same benchmark, both sides in one new process: what ran before leaves garbage and page caches behind, and made a group of beats
 * some 10 % slower, as measured.
 */
export function inOwnProcess({ name }: Benchmark): Benchmark {
  return {
    name,
    run: ({ quick, folder, progress }) =>
      runScript<Result[]>(SCRIPT, [name, folder, quick ? "quick" : "full"], { onProgress: progress }),
  };
}
