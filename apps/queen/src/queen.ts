import type { Socket } from "node:net";
import type { HiveCatalog } from "@repo/hive-catalog";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { AllowedHosts } from "./allowed-hosts.ts";
import { createApp } from "./app.ts";
import type { Clock } from "./clock.ts";
import { DeviceDetection } from "./device-detection.ts";
import { EventLog } from "./events.ts";
import { HealthLoop } from "./health-loop.ts";
import { HeartbeatReceiver } from "./heartbeat.ts";
import { Liveness, type LivenessSettings } from "./liveness/liveness.ts";
import type { Metrics } from "./metrics.ts";
import { Probe, type Resolve } from "./probe.ts";
import { HiveRegistry } from "./registry.ts";
import { StatusKeeper } from "./status-keeper.ts";

const MAX_PROBE_TIMEOUT_MS = 5000;
const REAP_INTERVAL_MS = 50;

export interface QueenOptions extends LivenessSettings {
  catalog: HiveCatalog;
  clock: Clock;
  log: FastifyBaseLogger;
  allowedHosts: AllowedHosts;
  resolve: Resolve;
  /** Counts from the opening of the catalog on. */
  metrics: Metrics;
  /** Whether `/metrics` has series of each single hive. */
  metricsByHive: boolean;
}

/** The parts of a queen, put together and not yet started. */
export interface Queen {
  app: FastifyInstance;
  registry: HiveRegistry;
  liveness: Liveness;
  events: EventLog;
  healthLoop: HealthLoop;
  /** Finishes the requests that run, ends everything else, and resolves when nothing is under way. */
  stop(): Promise<void>;
}

export function assembleQueen(options: QueenOptions): Queen {
  const { catalog, clock, log, metrics, allowedHosts, resolve, metricsByHive, healthIntervalMs, staleAfterMs } =
    options;
  const liveness = new Liveness(options, clock.monotonicNow());
  const events = new EventLog(() => clock.now());
  const registry = new HiveRegistry({
    clock,
    staleAfterMs,
    takesWork: (id) => liveness.takesWork(id, clock.monotonicNow()),
  });
  const newProbe = () =>
    new Probe({ allowedHosts, resolve, timeoutMs: Math.min(MAX_PROBE_TIMEOUT_MS, healthIntervalMs) });
  const statuses = new StatusKeeper({ catalog, liveness, events, metrics, clock, log, staleAfterMs });
  const detection = new DeviceDetection({ catalog, probe: newProbe(), log });
  const heartbeats = new HeartbeatReceiver({ catalog, registry, liveness, statuses, detection, metrics, clock });
  const parts = { catalog, registry, liveness, events, metrics, statuses, detection, clock, log };
  const healthLoop = new HealthLoop({ ...parts, probe: newProbe(), intervalMs: healthIntervalMs });
  const app = createApp({ ...parts, heartbeats, allowedHosts, metricsByHive });
  const connections = new Set<Socket>();
  app.server.on("connection", (socket: Socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  /**
   * A connection whose request was running when the server closed stays open after the answer until someone ends it. One on which nothing
   * was ever sent does not count as idle for Node.
   */
  const endIdleConnections = () => {
    app.server.closeIdleConnections();
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
  };
  const unwatchEventLoop = metrics.watchEventLoop();
  const stop = async () => {
    unwatchEventLoop();
    const quiet = healthLoop.stop();
    const reaper = setInterval(endIdleConnections, REAP_INTERVAL_MS);
    await app.close().finally(() => clearInterval(reaper));
    await detection.close();
    await quiet;
  };
  return { app, registry, liveness, events, healthLoop, stop };
}
