import type { HiveCatalog } from "@repo/hive-catalog";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { DEFAULT_LIMITS, type Limits } from "./config/settings.ts";
import { Fleet } from "./fleet/fleet.ts";
import { FleetRows } from "./fleet/fleet-rows.ts";
import { HeartbeatReceiver } from "./fleet/heartbeats.ts";
import { FleetLists } from "./fleet/lists/fleet-lists.ts";
import type { LivenessSettings } from "./fleet/liveness/liveness.ts";
import { Watch } from "./fleet/watch.ts";
import { createApp } from "./http/app.ts";
import { CertificateWatch } from "./http/connections/certificate-watch.ts";
import { EventStream } from "./http/connections/event-stream.ts";
import { Servers, type Timeouts, type Tls } from "./http/connections/servers.ts";
import { Costs } from "./http/door/costs.ts";
import { Door } from "./http/door/door.ts";
import { MetricsPage } from "./http/metrics-page.ts";
import type { AppParts } from "./http/parts.ts";
import { ProblemNotes } from "./http/problem-notes.ts";
import { RequestTimes } from "./http/request-times.ts";
import { rowTextsOf } from "./http/routes/fleet-row-json.ts";
import { Bulk } from "./lifecycle/bulk/bulk.ts";
import { Lifecycle, type LifecycleParts } from "./lifecycle/lifecycle.ts";
import { Arrivals } from "./process/arrivals.ts";
import type { Clock } from "./process/clock.ts";
import { ForeseenError } from "./process/errors.ts";
import { isLoopback } from "./reach/addresses.ts";
import type { AllowedHosts } from "./reach/allowed-hosts.ts";
import type { Resolve } from "./reach/names.ts";
import { Probe } from "./reach/probe.ts";
import { EventLog } from "./telling/events.ts";
import type { Metrics } from "./telling/metrics.ts";
import { Presence } from "./telling/presence.ts";

const MAX_PROBE_TIMEOUT_MS = 5000;
const REAP_INTERVAL_MS = 50;

export interface QueenOptions extends LivenessSettings {
  catalog: HiveCatalog;
  clock: Clock;
  log: Logger;
  allowedHosts: AllowedHosts;
  resolve: Resolve;
  /** Counts from the opening of the catalog on. */
  metrics: Metrics;
  metricsByHive: boolean;
  lifecycle: LifecycleParts["settings"];
  lifecycleTimeouts?: LifecycleParts["timeouts"];
  agentFile: LifecycleParts["agentFile"];
  readPage: AppParts["readPage"];
  /** Where it will listen: on loopback callers need no token until there is one. Default: 127.0.0.1. */
  host?: string;
  tls?: Tls | undefined;
  /** What the files of `tls` say by now; throws where they cannot be used. */
  rereadTls?: (() => Tls) | undefined;
  timeouts?: Timeouts;
  limits?: Limits;
}

export interface Queen {
  app: FastifyInstance;
  fleet: Fleet;
  rows: FleetRows;
  events: EventLog;
  watch: Watch;
  lifecycle: Lifecycle;
  presence: Presence;
  door: Door;
  servers: Servers;
  certificates: CertificateWatch;
  /** Begins what she does by herself: looks for tokens, checks of health, the end of old operations, her sign of life. */
  start(): void;
  /** Finishes the requests that run, ends everything else, and resolves when nothing is under way. */
  stop(): Promise<void>;
}

export function assembleQueen(options: QueenOptions): Queen {
  const { catalog, clock, log, metrics, allowedHosts, resolve, metricsByHive, healthIntervalMs } = options;
  const events = new EventLog(() => clock.now());
  const newProbe = (timeoutMs: number) => new Probe({ allowedHosts, resolve, timeoutMs });
  const probeTimeoutMs = Math.min(MAX_PROBE_TIMEOUT_MS, healthIntervalMs);
  const stopping = new AbortController();
  const base = { catalog, clock, log, metrics, events, allowedHosts, stopping: stopping.signal };
  const requestTimes = new RequestTimes(clock);
  const ranLongest = (forMs: number) => requestTimes.ranLongest(forMs);
  const fleet = new Fleet({
    ...base,
    probe: newProbe(probeTimeoutMs),
    settings: options,
    ranLongest,
    whyRefused: (id) => door.known.whyRefused(id),
  });
  const parts = { ...base, fleet, rows: new FleetRows({ ...base, fleet }) };
  const arrivals = new Arrivals(clock);
  const heartbeats = new HeartbeatReceiver({ ...parts, arrivals });
  const watch = new Watch({ ...parts, probe: newProbe(probeTimeoutMs), intervalMs: healthIntervalMs });
  const presence = new Presence(base);
  const lifecycle = new Lifecycle({
    ...parts,
    presence,
    probe: newProbe(MAX_PROBE_TIMEOUT_MS),
    resolve,
    settings: options.lifecycle,
    timeouts: options.lifecycleTimeouts,
    agentFile: options.agentFile,
    ownUrl: () => (options.tls && options.lifecycle.publicUrl) ?? urlOf(app, options.tls),
  });
  const { host = "127.0.0.1", limits = DEFAULT_LIMITS } = options;
  const servers = new Servers({ ...options, limits, arrivals });
  const certificates = new CertificateWatch({ ...options, servers });
  const { publicUrl } = options.lifecycle;
  const door = new Door({
    ...base,
    limits,
    openUntilTokens: isLoopback(host),
    publicUrl,
    isSecure: options.tls !== undefined || publicUrl?.startsWith("https:") === true,
    servers,
    onEnded: () => eventStream.endRefused(),
  });
  const costs = new Costs(door.rates);
  const bulk = new Bulk({ ...parts, lifecycle, turn: () => costs.turn() });
  const eventStream = new EventStream({ ...parts, turn: () => costs.turn(), rowsOf: rowTextsOf(parts.rows) });
  const app = createApp({
    ...parts,
    lists: new FleetLists(parts),
    heartbeats,
    door,
    costs,
    servers,
    requestTimes,
    problemNotes: new ProblemNotes(parts),
    readPage: options.readPage,
    lifecycle,
    bulk,
    presence,
    eventStream,
    metricsPage: new MetricsPage({ ...parts, metricsByHive }),
    startedAtMs: clock.monotonicNow(),
    limits,
    publicUrl,
  });
  const unwatchEventLoop = metrics.watchEventLoop();
  const start = () => {
    door.known.start();
    watch.start();
    lifecycle.startLookingBack();
    presence.start();
  };
  const stop = async () => {
    stopping.abort(new ForeseenError("the queen is stopping"));
    eventStream.close();
    unwatchEventLoop();
    certificates.stop();
    const quiet = Promise.all([watch.stop(), lifecycle.close()]);
    const reaper = setInterval(() => servers.endIdleConnections(), REAP_INTERVAL_MS);
    await Promise.all([app.close(), servers.closeOthers()]).finally(() => clearInterval(reaper));
    await bulk.close();
    await fleet.close();
    await quiet;
    await door.known.stop();
    await presence.stop();
  };
  return { app, fleet, rows: parts.rows, events, watch, lifecycle, presence, door, servers, certificates, start, stop };
}

/** Where a program on this machine reaches the queen. */
function urlOf({ server }: FastifyInstance, tls: Tls | undefined): string {
  const address = server.address();
  if (address === null || typeof address === "string") return "http://127.0.0.1:8500";
  const host = address.address === "0.0.0.0" || address.address === "::" ? "127.0.0.1" : address.address;
  return `http${tls ? "s" : ""}://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
}
