import type { Socket } from "node:net";
import { type HiveCatalog, HiveCatalogError } from "@repo/hive-catalog";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { DEFAULT_LIMITS, type Limits } from "./config/settings.ts";
import { Cordons } from "./fleet/cordons.ts";
import { DeviceDetection } from "./fleet/devices.ts";
import { HeartbeatReceiver } from "./fleet/heartbeats.ts";
import { Liveness, type LivenessSettings } from "./fleet/liveness/liveness.ts";
import { StatusKeeper } from "./fleet/statuses.ts";
import { HealthLoop } from "./fleet/watch.ts";
import { HiveRegistry } from "./fleet/workers/registry.ts";
import { createApp } from "./http/app.ts";
import { Arrivals } from "./http/connections/arrivals.ts";
import { EventStream } from "./http/connections/event-stream.ts";
import { Servers, type Timeouts, type Tls } from "./http/connections/servers.ts";
import { Door } from "./http/door/door.ts";
import { Lifecycle, type LifecycleParts } from "./lifecycle/lifecycle.ts";
import type { Clock } from "./process/clock.ts";
import { levelOf } from "./process/errors.ts";
import { isLoopback } from "./reach/addresses.ts";
import type { AllowedHosts } from "./reach/allowed-hosts.ts";
import { Probe, type Resolve } from "./reach/probe.ts";
import { EventLog } from "./telling/events.ts";
import type { Metrics } from "./telling/metrics.ts";
import { MetricsPage } from "./telling/metrics-page.ts";

const MAX_PROBE_TIMEOUT_MS = 5000;
const REAP_INTERVAL_MS = 50;
const DEFAULT_LOOK_BACK = { afterMs: 250, intervalMs: 60_000 };

export interface QueenOptions extends LivenessSettings {
  catalog: HiveCatalog;
  clock: Clock;
  log: Logger;
  allowedHosts: AllowedHosts;
  resolve: Resolve;
  /** Counts from the opening of the catalog on. */
  metrics: Metrics;
  /** Whether `/metrics` has series of each single hive. */
  metricsByHive: boolean;
  lifecycle: LifecycleParts["settings"];
  lifecycleTimeouts?: LifecycleParts["timeouts"];
  agentFile: LifecycleParts["agentFile"];
  /** Where it will listen: on loopback callers need no token until there is one. Default: 127.0.0.1. */
  host?: string;
  tls?: Tls | undefined;
  timeouts?: Timeouts;
  limits?: Limits;
  /** When she looks for dead operations, from `startLookingBack` on. */
  lookBack?: { readonly afterMs: number; readonly intervalMs: number };
}

/** The parts of a queen, put together and not yet started. */
export interface Queen {
  app: FastifyInstance;
  registry: HiveRegistry;
  liveness: Liveness;
  events: EventLog;
  healthLoop: HealthLoop;
  /** Ends the records of operations that were under way when their queen was ended. */
  endDeadOperations(): Promise<void>;
  /** Does so until she stops: for queens that ended before, or end later, and for what could not be looked at. */
  startLookingBack(): void;
  door: Door;
  servers: Servers;
  /** Finishes the requests that run, ends everything else, and resolves when nothing is under way. */
  stop(): Promise<void>;
}

export function assembleQueen(options: QueenOptions): Queen {
  const { catalog, clock, log, metrics, allowedHosts, resolve, metricsByHive, healthIntervalMs, staleAfterMs } =
    options;
  const liveness = new Liveness(options, clock.monotonicNow());
  const events = new EventLog(() => clock.now());
  const cordons = new Cordons({ catalog, events, clock, log, onChange: (id) => registry.reconsider(id) });
  const registry = new HiveRegistry({
    clock,
    staleAfterMs,
    takesWorkFromMs: (id) => liveness.takesWorkFromMs(id),
    cordonedUntilMs: (id) => cordons.untilMs(id),
  });
  liveness.onWork = (id) => registry.reconsider(id);
  const newProbe = () =>
    new Probe({ allowedHosts, resolve, timeoutMs: Math.min(MAX_PROBE_TIMEOUT_MS, healthIntervalMs) });
  const statuses = new StatusKeeper({ catalog, liveness, events, metrics, clock, log, staleAfterMs });
  const detection = new DeviceDetection({ catalog, probe: newProbe(), events, log });
  const arrivals = new Arrivals(clock);
  const parts = { catalog, registry, liveness, cordons, events, metrics, statuses, detection, clock, log };
  const heartbeats = new HeartbeatReceiver({ ...parts, connectionsSettled: () => arrivals.settled });
  const healthLoop = new HealthLoop({ ...parts, probe: newProbe(), intervalMs: healthIntervalMs });
  const lifecycle = new Lifecycle({
    ...parts,
    probe: new Probe({ allowedHosts, resolve, timeoutMs: MAX_PROBE_TIMEOUT_MS }),
    allowedHosts,
    resolve,
    settings: options.lifecycle,
    timeouts: options.lifecycleTimeouts,
    agentFile: options.agentFile,
    ownUrl: () => (options.tls && options.lifecycle.publicUrl) ?? urlOf(app, options.tls),
  });
  const { host = "127.0.0.1", limits = DEFAULT_LIMITS } = options;
  const servers = new Servers({ ...options, limits, arrivals });
  const onAdmitted = (socket: Socket) => servers.prove(socket);
  const door = new Door({ catalog, clock, log, limits, openUntilTokens: isLoopback(host), onAdmitted });
  const stopping = new AbortController();
  const eventStream = new EventStream(parts);
  let metricsPage: MetricsPage | undefined;
  const app = createApp({
    ...parts,
    heartbeats,
    allowedHosts,
    door,
    servers,
    lifecycle,
    eventStream,
    // From its making on it watches the process, so it is made when somebody reads it.
    metricsPage: () =>
      (metricsPage ??= new MetricsPage({
        ...parts,
        hives: metricsByHive ? () => liveness.sights.values() : undefined,
      })),
    startedAtMs: clock.monotonicNow(),
    stopping: stopping.signal,
  });
  const endDeadOperations = async () => {
    const unfinished = await catalog.operations.unfinished();
    if (unfinished.length > 0) await lifecycle.endDead(unfinished);
  };
  const lookBack = () =>
    void endDeadOperations().catch((error) => {
      if (error instanceof HiveCatalogError && error.code === "CATALOG_CLOSED") return;
      log[levelOf(error)]({ err: error }, "operations that an earlier queen did not end could not be looked at");
    });
  const lookBackTimers: NodeJS.Timeout[] = [];
  const startLookingBack = () => {
    const { afterMs, intervalMs } = options.lookBack ?? DEFAULT_LOOK_BACK;
    // A little later, because the first requests go before.
    lookBackTimers.push(setTimeout(lookBack, afterMs).unref(), setInterval(lookBack, intervalMs).unref());
  };
  const unwatchEventLoop = metrics.watchEventLoop();
  const stop = async () => {
    stopping.abort();
    eventStream.close();
    unwatchEventLoop();
    door.stop();
    for (const timer of lookBackTimers) clearTimeout(timer);
    const quiet = Promise.all([healthLoop.stop(), lifecycle.close()]);
    const reaper = setInterval(() => servers.endIdleConnections(), REAP_INTERVAL_MS);
    await Promise.all([app.close(), servers.closeOthers()]).finally(() => clearInterval(reaper));
    await detection.close();
    await quiet;
  };
  return { app, registry, liveness, events, healthLoop, door, servers, endDeadOperations, startLookingBack, stop };
}

/** Where a program on this machine reaches the queen. */
function urlOf({ server }: FastifyInstance, tls: Tls | undefined): string {
  const address = server.address();
  if (address === null || typeof address === "string") return "http://127.0.0.1:8500";
  const host = address.address === "0.0.0.0" || address.address === "::" ? "127.0.0.1" : address.address;
  return `http${tls ? "s" : ""}://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
}
