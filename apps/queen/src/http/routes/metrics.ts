import * as z from "zod";
import { defineRoute } from "../route.ts";

export const metricsRoutes = [
  defineRoute({
    method: "get",
    path: "/metrics",
    access: "reader",
    operationId: "getMetrics",
    summary: "Metrics for Prometheus",
    isCostly: true,
    answer: { description: "In the text format of Prometheus", schema: z.string(), type: "text/plain" },
  }).handle((_request, { metrics, metricsPage, costs }, reply) => {
    reply.type(metrics.registry.contentType);
    return metricsPage.text(() => costs.turn());
  }),
];
