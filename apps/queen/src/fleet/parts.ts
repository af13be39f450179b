import type { HiveCatalog } from "@repo/hive-catalog";
import type { Logger } from "pino";
import type { Clock } from "../process/clock.ts";
import type { AllowedHosts } from "../reach/allowed-hosts.ts";
import type { Probe } from "../reach/probe.ts";
import type { EventLog } from "../telling/events.ts";
import type { Metrics } from "../telling/metrics.ts";

/** What the fleet stands on; each part of it takes what it needs. */
export interface FleetParts {
  catalog: HiveCatalog;
  clock: Clock;
  log: Logger;
  events: EventLog;
  metrics: Metrics;
  allowedHosts: AllowedHosts;
  probe: Probe;
  /** Comes when the queen stops. */
  stopping: AbortSignal;
}
