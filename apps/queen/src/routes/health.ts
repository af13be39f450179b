import type { FastifyInstance } from "fastify";
import type { AppParts } from "../app.ts";

export function healthRoutes(app: FastifyInstance, { clock }: Pick<AppParts, "clock">): void {
  const startedAtMs = clock.monotonicNow();
  app.get("/health", async () => ({ status: "ok", uptime_ms: Math.round(clock.monotonicNow() - startedAtMs) }));
}
