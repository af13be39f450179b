import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { parseQuery } from "../input.ts";
import type { AppParts } from "../parts.ts";

const NoQuery = z.strictObject({});

export function countsRoutes(app: FastifyInstance, { catalog }: Pick<AppParts, "catalog">): void {
  app.get("/v1/counts", { config: { access: "reader" } }, async (request) => {
    parseQuery(NoQuery, request.query);
    const [total, unknown, online, offline] = await Promise.all([
      catalog.countHives(),
      catalog.countByStatus("unknown"),
      catalog.countByStatus("online"),
      catalog.countByStatus("offline"),
    ]);
    return { total, unknown, online, offline };
  });
}
