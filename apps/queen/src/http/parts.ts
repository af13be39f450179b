import type { HiveCatalog } from "@repo/hive-catalog";
import type { FastifyBaseLogger } from "fastify";
import type { Cordons } from "../fleet/cordons.ts";
import type { DeviceDetection } from "../fleet/devices.ts";
import type { HeartbeatReceiver } from "../fleet/heartbeats.ts";
import type { Liveness } from "../fleet/liveness/liveness.ts";
import type { StatusKeeper } from "../fleet/statuses.ts";
import type { HiveRegistry } from "../fleet/workers/registry.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import type { Clock } from "../process/clock.ts";
import type { AllowedHosts } from "../reach/allowed-hosts.ts";
import type { EventLog } from "../telling/events.ts";
import type { Metrics } from "../telling/metrics.ts";
import type { MetricsPage } from "../telling/metrics-page.ts";
import type { EventStream } from "./connections/event-stream.ts";
import type { Servers } from "./connections/servers.ts";
import type { Door } from "./door/door.ts";

/** What the handlers of routes are handed. */
export interface AppParts {
  catalog: HiveCatalog;
  registry: HiveRegistry;
  liveness: Liveness;
  cordons: Cordons;
  events: EventLog;
  metrics: Metrics;
  statuses: StatusKeeper;
  detection: DeviceDetection;
  heartbeats: HeartbeatReceiver;
  lifecycle: Lifecycle;
  allowedHosts: AllowedHosts;
  eventStream: EventStream;
  metricsPage: () => MetricsPage;
  door: Door;
  servers: Servers;
  clock: Clock;
  /** Monotonic: when the queen was put together. */
  startedAtMs: number;
  /** Aborted when she begins to stop. */
  stopping: AbortSignal;
  log: FastifyBaseLogger;
}
