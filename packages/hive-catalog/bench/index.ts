import { backup } from "./backup.ts";
import { betterSqlite3 } from "./better-sqlite3.ts";
import { etcd } from "./etcd.ts";
import { groups } from "./groups.ts";
import { growth } from "./growth.ts";
import { opening } from "./opening.ts";
import { inOwnProcess } from "./own-process.ts";
import type { Benchmark } from "./result.ts";
import { reads, writes } from "./single-calls.ts";
import { stream } from "./stream.ts";

export { endChildren, freePort, runScript, type Server, scriptArguments, startServer } from "./child.ts";
export { beatAt, fillFleet, hiveId, migrateFleet } from "./fleet.ts";
export { calibrated, inTurn, percentile, type Spread, spread, worstOf } from "./measure.ts";
export {
  absolute,
  type Benchmark,
  type BenchmarkContext,
  compared,
  type Limit,
  notMeasured,
  type Result,
  type Verdict,
} from "./result.ts";
export { installedWrk, type LoadFigures, runWrk } from "./wrk.ts";

/** What the catalog is measured by, in the order in which it runs. */
export const catalogBenchmarks: readonly Benchmark[] = [
  inOwnProcess(reads),
  inOwnProcess(writes),
  betterSqlite3,
  inOwnProcess(groups),
  inOwnProcess(growth),
  stream,
  backup,
  etcd,
  opening,
];
