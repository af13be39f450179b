import { distantServer } from "./distant-server.ts";
import { finding } from "./finding.ts";
import { foreignLock } from "./foreign-lock.ts";
import { groups } from "./groups.ts";
import { growth } from "./growth.ts";
import { runScript } from "./harness/child.ts";
import type { Benchmark, Result } from "./harness/result.ts";
import { records } from "./records.ts";
import { reads, writes } from "./single-calls.ts";

const SCRIPT = new URL("./own-process-child.ts", import.meta.url);

/** What measures both sides in its own process. */
export const measuredInProcess: readonly Benchmark[] = [
  reads,
  writes,
  groups,
  growth,
  foreignLock,
  distantServer,
  records,
  finding,
];

/**
 * The same, each in a new process: what ran before leaves garbage and page caches behind, and made a group of beats some 10 % slower, as
 * measured.
 */
export const measuredInOwnProcess: readonly Benchmark[] = measuredInProcess.map(({ name }) => ({
  name,
  run: ({ quick, folder, progress }) => {
    progress("starting");
    return runScript<Result[]>(SCRIPT, [name, folder, quick ? "quick" : "full"], { onProgress: progress });
  },
}));
