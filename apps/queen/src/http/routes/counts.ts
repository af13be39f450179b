import * as z from "zod";
import { count } from "../count-fields.ts";
import { defineRoute } from "../route.ts";

export const countsRoutes = [
  defineRoute({
    method: "get",
    path: "/v1/counts",
    access: "reader",
    operationId: "countHives",
    summary: "Hives in all and by status",
    isCostly: true,
    answer: {
      description: "The counts. A hive whose status another program damaged is in `total` alone",
      schema: z.strictObject({ total: count, unknown: count, online: count, offline: count }),
      example: { total: 12, unknown: 1, online: 10, offline: 1 },
    },
  }).handle(async (request, { catalog, costs }) => {
    const [total, unknown, online, offline] = await Promise.all([
      catalog.countHives(),
      catalog.countByStatus("unknown"),
      catalog.countByStatus("online"),
      catalog.countByStatus("offline"),
    ]);
    costs.countScanned(request, total);
    return { total, unknown, online, offline };
  }),
];
