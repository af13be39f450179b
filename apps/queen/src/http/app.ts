import type { Socket } from "node:net";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";
import type { Metrics } from "../telling/metrics.ts";
import { addBodyParsers, BODY_LIMIT_BYTES } from "./body-parsers.ts";
import { MAX_PIECES } from "./connections/bounded-request.ts";
import { answerRaw } from "./connections/raw-answer.ts";
import { Problem } from "./errors.ts";
import { MAX_ID_LENGTH } from "./input.ts";
import type { AppParts } from "./parts.ts";
import type { ProblemCode } from "./problems.ts";
import { RouteTable } from "./route-table.ts";
import { ROUTES } from "./routes.ts";
import { serve } from "./serve.ts";

const CHATTY_LEVELS: ReadonlySet<string> = new Set(["trace", "debug", "info"]);
const PROBLEM_JSON = "application/problem+json";

export function createApp(parts: AppParts): FastifyInstance {
  const requestId = numberRequests();
  const sendProblem = problemSender(parts);
  const app = Fastify({
    loggerInstance: withoutChatter(parts.log),
    // No line and no logger of its own for each heartbeat.
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (logger) => logger,
    genReqId: requestId,
    bodyLimit: BODY_LIMIT_BYTES,
    serverFactory: (handler) => parts.servers.create(handler),
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_ID_LENGTH },
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
    clientErrorHandler: (error, socket) => refuseBrokenRequest(error, socket, requestId(), parts.metrics),
  });
  addBodyParsers(app);
  app.setErrorHandler(sendProblem);

  const table = new RouteTable(ROUTES);
  app.decorateRequest("caller", null);
  app.addHook("onRequest", (request, _reply, done) => {
    parts.door.checkSite(request);
    if (request.is404) {
      parts.door.rates.countStranger(request);
      throw table.problemOf(request.method, request.url);
    }
    done();
  });
  for (const route of ROUTES) serve(app, route, parts);
  return app;
}

/** For fastify itself, whose lines below a warning only repeat ours. */
function withoutChatter(log: FastifyBaseLogger): FastifyBaseLogger {
  return CHATTY_LEVELS.has(log.level) ? log.child({}, { level: "warn" }) : log;
}

/** "k3f9x2-1", "k3f9x2-2", …: unlike those of any other start of the queen. */
function numberRequests(): () => string {
  const start = Math.random().toString(36).slice(2, 8).padEnd(6, "0");
  let count = 0;
  return () => `${start}-${++count}`;
}

function problemSender({ problemNotes }: Pick<AppParts, "problemNotes">) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const problem = problemNotes.noted(isBrokenOff(error, request) ? brokenOff() : error, request);
    return reply.code(problem.status).headers(problem.headers).type(PROBLEM_JSON).send(problem.body(request.id));
  };
}

/** The rest of the body will not come. */
const isBrokenOff = (error: unknown, { raw }: FastifyRequest): boolean =>
  error instanceof Error && "code" in error && error.code === "ECONNRESET" && raw.readableAborted;

const brokenOff = (): Problem => new Problem("REQUEST_ABORTED", "The request was broken off");

const BROKEN_REQUESTS: Record<string, readonly [code: ProblemCode, detail: string]> = {
  HPE_HEADER_OVERFLOW: ["HEADERS_TOO_LARGE", "The headers are too large"],
  BODY_IN_PIECES: ["PAYLOAD_TOO_LARGE", `The body comes in more than ${MAX_PIECES} pieces: send longer chunks`],
  ERR_HTTP_REQUEST_TIMEOUT: ["REQUEST_TIMEOUT", "The request did not arrive in time"],
};

/** Answers what is not even HTTP, without fastify, and closes the connection. */
function refuseBrokenRequest(
  error: NodeJS.ErrnoException,
  socket: Socket,
  requestId: string,
  { problems }: Metrics,
): void {
  // Whoever ends in the middle of a request does not wait for an answer.
  if (error.code === "ECONNRESET" || error.code === "HPE_INVALID_EOF_STATE" || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = new Problem(
    ...(BROKEN_REQUESTS[error.code ?? ""] ?? ["BAD_REQUEST", "This is not a valid HTTP request"]),
  );
  problems.inc({ code: problem.code });
  answerRaw(socket, problem.status, PROBLEM_JSON, JSON.stringify(problem.body(requestId)));
}
