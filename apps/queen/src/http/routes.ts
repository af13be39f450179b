import type { Route } from "./route.ts";
import { actionsRoutes } from "./routes/actions.ts";
import { claimsRoutes } from "./routes/claims.ts";
import { cordonsRoutes } from "./routes/cordons.ts";
import { countsRoutes } from "./routes/counts.ts";
import { devicesRoutes } from "./routes/devices.ts";
import { docsRoutes } from "./routes/docs.ts";
import { eventsRoutes } from "./routes/events.ts";
import { fleetRoutes } from "./routes/fleet.ts";
import { healthRoutes } from "./routes/health.ts";
import { heartbeatRoutes } from "./routes/heartbeat.ts";
import { hiveListRoutes } from "./routes/hive-list.ts";
import { hivesRoutes } from "./routes/hives.ts";
import { hostKeysRoutes } from "./routes/host-keys.ts";
import { labelsRoutes } from "./routes/labels.ts";
import { livenessRoutes } from "./routes/liveness.ts";
import { meRoutes } from "./routes/me.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { modelsRoutes } from "./routes/models.ts";
import { operationsRoutes } from "./routes/operations.ts";
import { pageRoutes } from "./routes/page.ts";
import { sessionRoutes } from "./routes/session.ts";
import { stateRoutes } from "./routes/state.ts";
import { tokensRoutes } from "./routes/tokens.ts";
import { workersRoutes } from "./routes/workers.ts";

/** What routes are about. */
export const TAGS = {
  hives: "The catalog: what is known of each hive and survives a restart",
  lifecycle: "Installing, starting and stopping agents, over SSH or on the queen's own machine",
  heartbeats: "What hives send",
  workers: "What runs on the hives now",
  access: "Who may call, and as whom",
  observation: "How the queen is, and what she tells of the fleet",
} as const;

export interface TaggedRoute extends Route {
  readonly tag: keyof typeof TAGS;
}

const about = (tag: TaggedRoute["tag"], ...resources: readonly (readonly Route[])[]): TaggedRoute[] =>
  resources.flat().map((route) => ({ ...route, tag }));

/** Every route of the API, in the order in which it is shown. */
export const ROUTES: readonly TaggedRoute[] = [
  ...about("hives", hiveListRoutes, fleetRoutes, hivesRoutes, labelsRoutes, devicesRoutes),
  ...about("workers", stateRoutes),
  ...about("hives", livenessRoutes, cordonsRoutes),
  ...about("lifecycle", operationsRoutes, actionsRoutes, hostKeysRoutes),
  ...about("heartbeats", heartbeatRoutes),
  ...about("workers", workersRoutes, claimsRoutes, modelsRoutes),
  ...about("hives", countsRoutes),
  ...about("access", meRoutes, sessionRoutes, tokensRoutes),
  ...about("observation", healthRoutes, eventsRoutes, metricsRoutes, docsRoutes, pageRoutes),
];
