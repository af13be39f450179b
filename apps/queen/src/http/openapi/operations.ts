import type { z } from "zod";
import { countsOperations } from "../routes/counts.openapi.ts";
import { devicesOperations } from "../routes/devices.openapi.ts";
import { healthOperations } from "../routes/health.openapi.ts";
import { heartbeatOperations } from "../routes/heartbeat.openapi.ts";
import { hivesOperations } from "../routes/hives.openapi.ts";
import { livenessOperations } from "../routes/liveness.openapi.ts";
import { observationOperations, observationSchemas } from "../routes/observation.openapi.ts";
import { lifecycleOperations } from "../routes/operations.openapi.ts";
import { stateOperations } from "../routes/state.openapi.ts";
import { workersOperations } from "../routes/workers.openapi.ts";
import type { Operation } from "./operation.ts";

/** Every operation of the API, in the order in which it is shown. */
export const OPERATIONS: readonly Operation[] = [
  ...hivesOperations,
  ...devicesOperations,
  ...stateOperations,
  ...livenessOperations,
  ...lifecycleOperations,
  ...heartbeatOperations,
  ...workersOperations,
  ...countsOperations,
  ...healthOperations,
  ...observationOperations,
];

/** What no operation refers to and a client needs all the same. */
export const NAMED_SCHEMAS: readonly z.ZodType[] = observationSchemas;
