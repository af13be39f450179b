import type { HiveCatalog } from "@repo/hive-catalog";
import type { FastifyInstance } from "fastify";
import type { Condition } from "../../fleet/liveness/liveness.ts";
import type { Clock } from "../../process/clock.ts";
import { Problem } from "../errors.ts";
import type { FieldProblem } from "../field-problems.ts";
import type { AppParts } from "../parts.ts";

/** A catalog that takes longer does not answer, for whoever sends work here. */
const CATALOG_DEADLINE_MS = 2000;
const OPEN = { config: { access: "open" } } as const;

type HealthParts = Pick<AppParts, "catalog" | "liveness" | "clock">;

/** Whether the queen runs, for whoever restarts her; whether she can serve, for whoever sends requests to her. */
export function healthRoutes(app: FastifyInstance, parts: HealthParts): void {
  const { catalog, clock } = parts;
  const startedAtMs = clock.monotonicNow();
  let isStopping = false;
  app.addHook("preClose", async () => {
    isStopping = true;
  });

  app.get("/health", OPEN, async () => {
    const nowMs = clock.monotonicNow();
    const liveness = conditionToJson(parts.liveness.condition(nowMs), clock);
    return { status: "ok", uptime_ms: Math.round(nowMs - startedAtMs), liveness };
  });

  app.get("/health/live", OPEN, async () => ({ status: "ok" }));

  app.get("/health/ready", OPEN, async () => {
    const errors: FieldProblem[] = [];
    if (isStopping) errors.push({ field: "queen", message: "is stopping" });
    const problem = await catalogProblem(catalog);
    if (problem !== undefined) errors.push({ field: "catalog", message: problem });
    if (errors.length === 0) return { status: "ok" };
    const detail = errors.map(({ field, message }) => `the ${field} ${message}`).join("; ");
    throw new Problem(503, "NOT_READY", detail, { errors, headers: { "retry-after": "1" } });
  });
}

/** What keeps the catalog from answering; undefined when it does. */
async function catalogProblem(catalog: HiveCatalog): Promise<string | undefined> {
  const signal = AbortSignal.timeout(CATALOG_DEADLINE_MS);
  try {
    await catalog.hiveExists("readiness", { signal });
    return undefined;
  } catch (error) {
    if (signal.aborted) return `has not answered within ${CATALOG_DEADLINE_MS} ms`;
    return `fails: ${error instanceof Error ? error.message : error}`;
  }
}

/** A monotonic time by the wall clock. */
export const toWallMs = (atMs: number, clock: Clock): number => Math.round(clock.now() - (clock.monotonicNow() - atMs));

/** How the queen sees herself. */
export const conditionToJson = ({ state, sinceMs, untilMs, missing, online }: Condition, clock: Clock) => ({
  state,
  since_ms: sinceMs === undefined ? null : toWallMs(sinceMs, clock),
  until_ms: untilMs === undefined ? null : toWallMs(untilMs, clock),
  missing,
  online,
});
