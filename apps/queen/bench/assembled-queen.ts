import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { assembleQueen, type Queen, type QueenOptions } from "../src/queen.ts";
import { AllowedHosts } from "../src/reach/allowed-hosts.ts";
import { Names } from "../src/reach/names.ts";
import { Metrics } from "../src/telling/metrics.ts";

const HOUR_MS = 3_600_000;

/** A queen in this process, that contacts loopback alone and says nothing. */
export const assembledQueen = (
  options: Pick<QueenOptions, "catalog" | "clock" | "healthIntervalMs" | "staleAfterMs"> & Partial<QueenOptions>,
): Queen =>
  assembleQueen({
    metrics: new Metrics(),
    log: pino({ level: "silent" }),
    allowedHosts: AllowedHosts.parse("127.0.0.0/8"),
    resolve: new Names().resolve,
    metricsByHive: false,
    lifecycle: {
      publicUrl: undefined,
      publicCa: undefined,
      ssh: { identity: undefined, knownHosts: undefined },
      programEnv: {},
    },
    agentFile: fileURLToPath(new URL("../../hive/src/agent.ts", import.meta.url)),
    readPage: async () => new Map(),
    massFailureShare: 1,
    massFailureMin: 3,
    massFailureHoldMs: HOUR_MS,
    flapChanges: 4,
    flapWindowMs: HOUR_MS,
    probationMs: HOUR_MS,
    ...options,
  });
