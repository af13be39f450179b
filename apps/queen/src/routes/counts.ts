import type { FastifyInstance } from "fastify";
import type { AppParts } from "../app.ts";

export function countsRoutes(app: FastifyInstance, { catalog }: Pick<AppParts, "catalog">): void {
  app.get("/v1/counts", async () => {
    const [total, unknown, online, offline] = await Promise.all([
      catalog.countHives(),
      catalog.countByStatus("unknown"),
      catalog.countByStatus("online"),
      catalog.countByStatus("offline"),
    ]);
    return { total, unknown, online, offline };
  });
}
