import type { FastifyInstance } from "fastify";
import type { AppParts } from "../app.ts";
import { hiveNotFound, Problem } from "../errors.ts";
import { type HivePath, pathId } from "../input.ts";

type LivenessParts = Pick<AppParts, "catalog" | "fleet" | "clock" | "log">;

/** Why a hive is online or not, and what an operator has to say about it. What answers is loaded when somebody first asks. */
export function livenessRoutes(app: FastifyInstance, { catalog, fleet, clock, log }: LivenessParts): void {
  const answers = () => import("./liveness-answers.ts");

  app.get<HivePath>("/v1/hives/:id/liveness", { config: { access: "reader" } }, async (request) => {
    const { explain } = await answers();
    return explain(await fleet.view(pathId(request)), fleet, clock);
  });

  app.post<HivePath>("/v1/hives/:id/cordon", async (request) => {
    const id = pathId(request);
    const { cordonToJson, readCordon } = await answers();
    const cordon = await fleet.cordon(id, readCordon(request.body, clock.now()));
    log.info({ hive_id: id, reason: cordon.reason, until_ms: cordon.untilMs }, "hive cordoned");
    return { hive_id: id, ...cordonToJson(cordon) };
  });

  app.post<HivePath>("/v1/hives/:id/uncordon", async (request) => {
    const id = pathId(request);
    const lifted = await fleet.uncordon(id);
    if (!lifted && !(await catalog.hiveExists(id))) throw hiveNotFound(id);
    if (lifted) log.info({ hive_id: id }, "hive uncordoned");
    return { hive_id: id, lifted };
  });

  app.post("/v1/liveness/confirm", async () => {
    const confirmed = fleet.confirm();
    if (confirmed !== undefined) return { missing: confirmed.missing, online: confirmed.online };
    throw new Problem(409, "NOTHING_HELD_BACK", "No mark as offline is held back now, so there is nothing to confirm");
  });
}
