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

/** Every route of the API, in the order in which it is shown. */
export const ROUTES: readonly Route[] = [
  ...hiveListRoutes,
  ...fleetRoutes,
  ...hivesRoutes,
  ...labelsRoutes,
  ...devicesRoutes,
  ...stateRoutes,
  ...livenessRoutes,
  ...cordonsRoutes,
  ...operationsRoutes,
  ...actionsRoutes,
  ...hostKeysRoutes,
  ...heartbeatRoutes,
  ...workersRoutes,
  ...claimsRoutes,
  ...modelsRoutes,
  ...countsRoutes,
  ...meRoutes,
  ...sessionRoutes,
  ...tokensRoutes,
  ...healthRoutes,
  ...eventsRoutes,
  ...metricsRoutes,
  ...docsRoutes,
  ...pageRoutes,
];
