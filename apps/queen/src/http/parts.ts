import type { HiveCatalog } from "@repo/hive-catalog";
import type { FastifyBaseLogger } from "fastify";
import type { Fleet } from "../fleet/fleet.ts";
import type { HeartbeatReceiver } from "../fleet/heartbeats.ts";
import type { FleetLists } from "../fleet/lists/fleet-lists.ts";
import type { Bulk } from "../lifecycle/bulk/bulk.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import type { Clock } from "../process/clock.ts";
import type { EventLog } from "../telling/events.ts";
import type { Metrics } from "../telling/metrics.ts";
import type { Presence } from "../telling/presence.ts";
import type { EventStream } from "./connections/event-stream.ts";
import type { Servers, ServersOptions } from "./connections/servers.ts";
import type { Costs } from "./door/costs.ts";
import type { Door } from "./door/door.ts";
import type { RequestLimits } from "./door/rates.ts";
import type { MetricsPage } from "./metrics-page.ts";
import type { ProblemNotes } from "./problem-notes.ts";
import type { RequestTimes } from "./request-times.ts";

/** The files of the queen's page by their names: one ends with .js, and one with .css. */
export type PageFiles = ReadonlyMap<string, Buffer>;

export interface AppParts {
  catalog: HiveCatalog;
  fleet: Fleet;
  lists: FleetLists;
  events: EventLog;
  metrics: Metrics;
  heartbeats: HeartbeatReceiver;
  lifecycle: Lifecycle;
  bulk: Bulk;
  eventStream: EventStream;
  presence: Presence;
  metricsPage: MetricsPage;
  door: Door;
  costs: Costs;
  servers: Servers;
  requestTimes: RequestTimes;
  problemNotes: ProblemNotes;
  /** The page as it is now. Rejects when it cannot be made. */
  readPage: () => Promise<PageFiles>;
  clock: Clock;
  limits: RequestLimits & ServersOptions["limits"];
  /** Under which hives reach her. */
  publicUrl: string | undefined;
  /** Monotonic: when the queen was put together. */
  startedAtMs: number;
  stopping: AbortSignal;
  log: FastifyBaseLogger;
}
