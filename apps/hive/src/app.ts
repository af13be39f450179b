import { STATUS_CODES } from "node:http";
import { type DeviceReport, DeviceReportJson } from "@repo/device-types";
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Logger } from "pino";
import { answered, OneRequest } from "./one-at-a-time.ts";

interface AppOptions {
  /** Name of this hive. */
  id: string;
  /** Reads the devices, in bounded time. */
  detectDevices: () => Promise<DeviceReport>;
  log: Logger;
}

interface Problem {
  status: number;
  code: string;
  detail: string;
}

/** Answers with an RFC 9457 problem. */
function sendProblem(request: FastifyRequest, reply: FastifyReply, { status, code, detail }: Problem) {
  const problem = {
    type: "about:blank",
    title: STATUS_CODES[status],
    status,
    detail,
    code,
    errors: [],
    request_id: request.id,
  };
  return reply.code(status).type("application/problem+json").send(JSON.stringify(problem));
}

/** Far more than queens ask at a time: whoever opens more leaves files for the agent's beats and readings. */
const MAX_CONNECTIONS = 128;

/** The agent's HTTP API: `/health` (also `/v1/health`) and `/v1/devices`. */
export function createApp({ id, detectDevices, log }: AppOptions): FastifyInstance {
  const app = Fastify({
    requestTimeout: 30_000,
    http: { IncomingMessage: OneRequest },
    frameworkErrors: (error, request, reply) => onError(error, request, reply),
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  app.server.on("request", ({ socket }, response) => response.once("finish", () => answered(socket)));

  function onError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
    const status = error.statusCode ?? 500;
    if (status < 500) return sendProblem(request, reply, { status, code: "INVALID_REQUEST", detail: error.message });
    log.error({ err: error, request_id: request.id }, "request failed");
    return sendProblem(request, reply, { status: 500, code: "INTERNAL", detail: "The agent's log says more." });
  }

  // No path takes a body: whatever comes is dropped, so that the answer is about the path and the method.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => {
    payload.resume();
    done(null);
  });

  app.setErrorHandler<FastifyError>(onError);
  app.setNotFoundHandler((request, reply) => {
    const [path = "/"] = request.url.split("?");
    if (!app.hasRoute({ method: "GET", url: path })) {
      return sendProblem(request, reply, { status: 404, code: "NOT_FOUND", detail: `There is no ${path} here.` });
    }
    reply.header("allow", "GET, HEAD");
    const detail = `${path} takes GET and HEAD, not ${request.method}.`;
    return sendProblem(request, reply, { status: 405, code: "METHOD_NOT_ALLOWED", detail });
  });

  // Whoever saw another start knows that the devices may be others now.
  const health = { status: "ok", id, started_at: new Date().toISOString() };
  for (const path of ["/health", "/v1/health"]) app.get(path, () => health);

  app.get("/v1/devices", async (_request, reply) => {
    reply.header("connection", "close"); // an agent that stops while it reads would have to wait for a kept one
    return DeviceReportJson.encode(await detectDevices());
  });

  return app;
}
