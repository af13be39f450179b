import type { FastifyInstance } from "fastify";
import type { EventStream } from "../../telling/event-stream.ts";
import type { MetricsPage } from "../../telling/metrics-page.ts";
import { Problem } from "../errors.ts";
import type { AppParts } from "../parts.ts";

type ObservationParts = Pick<
  AppParts,
  "catalog" | "door" | "liveness" | "events" | "metrics" | "metricsByHive" | "clock" | "log"
>;

/** What the API is like stands in public source anyway, and a browser that opens a page has no token to send. */
const OPEN = { config: { access: "open" } } as const;

/**
 * Metrics, events and the description of the API. What answers them is loaded when somebody first asks, because neither the start of
 * the queen nor a heartbeat should wait for it.
 */
export function observationRoutes(app: FastifyInstance, parts: ObservationParts): void {
  let metricsPage: Promise<MetricsPage> | undefined;
  app.get("/metrics", { config: { access: "reader" } }, async (_request, reply) => {
    metricsPage ??= import("../../telling/metrics-page.ts").then(({ MetricsPage }) => new MetricsPage(parts));
    const page = await metricsPage;
    return reply.type(page.contentType).send(await page.text());
  });

  let eventStream: Promise<EventStream> | undefined;
  let isStopping = false;
  // HEAD of a stream would never end.
  app.get("/v1/events", { exposeHeadRoute: false, config: { access: "reader" } }, async (request, reply) => {
    if (isStopping) throw new Problem(503, "STOPPING", "The queen is stopping", { headers: { "retry-after": "5" } });
    eventStream ??= import("../../telling/event-stream.ts").then(({ EventStream }) => new EventStream(parts));
    const stream = await eventStream;
    stream.checkRoom();
    const lastEventId = request.headers["last-event-id"];
    reply.hijack();
    const { caller } = request;
    const isAdmitted = () => caller === null || parts.door.stillKnows(caller);
    stream.serve(request.raw, reply.raw, Array.isArray(lastEventId) ? lastEventId[0] : lastEventId, isAdmitted);
  });
  app.addHook("preClose", async () => {
    isStopping = true;
    (await eventStream)?.close();
  });

  const docs = () => import("../openapi/api-docs.ts");
  app.get("/openapi.json", OPEN, async (_request, reply) => {
    const { type, body } = await (await docs()).openApiDocument();
    return reply.type(type).send(body);
  });
  app.get("/docs", OPEN, async (_request, reply) => {
    const { docsPage } = await docs();
    return reply.type(docsPage.type).send(docsPage.body);
  });
  app.get<{ Params: { file: string } }>("/docs/:file", OPEN, async (request, reply) => {
    const file = await (await docs()).docsFile(request.params.file);
    if (file === undefined) throw new Problem(404, "NOT_FOUND", `There is nothing at /docs/${request.params.file}`);
    return reply.type(file.type).send(file.body);
  });
}
