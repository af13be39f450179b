import { backup } from "./backup.ts";
import { betterSqlite3 } from "./better-sqlite3.ts";
import { etcd } from "./etcd.ts";
import type { Benchmark } from "./harness/result.ts";
import { mixedLoad } from "./mixed-load.ts";
import { opening } from "./opening.ts";
import { measuredInOwnProcess } from "./own-process.ts";
import { stream } from "./stream.ts";

export { endChildren, freePort, runScript, type Server, startServer } from "./harness/child.ts";
export { beatAt, hiveId, makeFleet } from "./harness/fleet.ts";
export { calibrated, inTurn, p99, type Spread, spread, worstOf } from "./harness/measure.ts";
export { KNOWS_PROCESSOR_TIME, processorTimeMs } from "./harness/processor-time.ts";
export {
  absolute,
  type Benchmark,
  type BenchmarkContext,
  compared,
  type Limit,
  notMeasured,
  type Result,
  type Verdict,
} from "./harness/result.ts";
export { installedWrk, type LoadFigures, runWrk } from "./harness/wrk.ts";

/** What the catalog is measured by, in the order in which it runs. */
export const catalogBenchmarks: readonly Benchmark[] = [
  ...measuredInOwnProcess,
  mixedLoad,
  betterSqlite3,
  stream,
  backup,
  etcd,
  opening,
];
