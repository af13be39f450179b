import type { FastifyInstance } from "fastify";
import { hiveNotFound, Problem } from "../errors.ts";
import { type HivePath, pathId } from "../input.ts";
import type { AppParts } from "../parts.ts";

type LivenessParts = Pick<
  AppParts,
  "catalog" | "registry" | "liveness" | "cordons" | "statuses" | "clock" | "log" | "allowedHosts"
>;

/** Why a hive is online or not, and what an operator has to say about it. What answers is loaded when somebody first asks. */
export function livenessRoutes(app: FastifyInstance, parts: LivenessParts): void {
  const { catalog, liveness, cordons, statuses, clock, log } = parts;
  const answers = () => import("./liveness-answers.ts");

  app.get<HivePath>("/v1/hives/:id/liveness", { config: { access: "reader" } }, async (request) => {
    const id = pathId(request);
    const hive = await catalog.getHive(id);
    if (hive === undefined) throw hiveNotFound(id);
    await cordons.ready();
    return (await answers()).explain(hive, parts);
  });

  app.post<HivePath>("/v1/hives/:id/cordon", async (request) => {
    const id = pathId(request);
    const { cordonToJson, readCordon } = await answers();
    const cordon = await cordons.set(id, readCordon(request.body, clock.now()));
    log.info({ hive_id: id, reason: cordon.reason, until_ms: cordon.untilMs }, "hive cordoned");
    return { hive_id: id, ...cordonToJson(cordon) };
  });

  app.post<HivePath>("/v1/hives/:id/uncordon", async (request) => {
    const id = pathId(request);
    const lifted = await cordons.lift(id);
    if (!lifted && !(await catalog.hiveExists(id))) throw hiveNotFound(id);
    if (lifted) log.info({ hive_id: id }, "hive uncordoned");
    return { hive_id: id, lifted };
  });

  app.post("/v1/liveness/confirm", async () => {
    const confirmed = liveness.confirm(clock.monotonicNow());
    if (confirmed === undefined) {
      throw new Problem(
        409,
        "NOTHING_HELD_BACK",
        "No mark as offline is held back now, so there is nothing to confirm",
      );
    }
    log.warn(confirmed, "an operator confirms that the missing hives are gone");
    statuses.announce(liveness.takeNotices());
    return { missing: confirmed.missing, online: confirmed.online };
  });
}
