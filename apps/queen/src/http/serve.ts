import type { FastifyInstance } from "fastify";
import * as z from "zod";
import { hiveNotFound } from "../process/errors.ts";
import { BODY_LIMIT_BYTES } from "./body-parsers.ts";
import { parseBody, parseQuery } from "./input.ts";
import { NDJSON } from "./lines.ts";
import type { AppParts } from "./parts.ts";
import { type BodyRule, EVENT_STREAM, methodsOf, paramsOf, type Route } from "./route.ts";

/** Some clients send `{}` where nothing is asked for. Fastify reads that all the same. */
const NO_BODY_LIMIT_BYTES = 1024;

const NO_QUERY = z.strictObject({});

/** Lets a request in as its route says, checks it, and hands it to the route's handler. */
export function serve(app: FastifyInstance, route: Route, parts: AppParts): void {
  const { path, access = "operator", query = NO_QUERY, body, isCostly, answer } = route;
  const { status = 200, schema, type = schema && "application/json" } = answer;
  const contentType = type && `${type}; charset=utf-8`;
  const [method = "", head] = methodsOf(route);
  const hasHiveId = paramsOf(route).includes("id");
  const readBody = body && readerOf(body);
  const takesLines = body?.types?.includes(NDJSON) ?? false;
  app.route({
    method,
    url: path,
    exposeHeadRoute: head !== undefined,
    bodyLimit: body ? (body.maxBytes ?? BODY_LIMIT_BYTES) : NO_BODY_LIMIT_BYTES,
    onRequest: body ? [parts.door.guard(access), parts.costs.boundBody] : parts.door.guard(access),
    ...((method === "GET" || takesLines || type === NDJSON) && { onSend: parts.costs.boundAnswer }),
    config: { takesLines },
    handler: async (request, reply) => {
      // What waits for others, most of its time, holds nobody up.
      if (type !== EVENT_STREAM && type !== NDJSON) parts.requestTimes.began(request, reply.raw);
      if (hasHiveId) checkHiveId(request.params);
      // Whoever probes her may add what it likes, against caches: a refusal would have her restarted. Where neither the route nor the request has a
      // query, nothing is parsed: zod takes microseconds to find that, and each heartbeat passes here.
      const mayHaveQuery = query !== NO_QUERY || request.url.includes("?");
      if (access !== "always" && mayHaveQuery) request.query = parseQuery(query, request.query);
      if (readBody) request.body = readBody(request.body);
      if (status !== 200) reply.code(status);
      if (contentType !== undefined) reply.type(contentType);
      if (isCostly) await parts.costs.admitCostly(request, reply);
      return route.handle(request, parts, reply);
    },
  });
}

function readerOf({ schema, code = "INVALID_ARGUMENT", read }: BodyRule): (json: unknown) => unknown {
  return read ?? ((json) => parseBody(schema, json, code));
}

/** Throws HIVE_NOT_FOUND for an id that no hive can have. */
function checkHiveId(params: unknown): void {
  const { id } = params as { id: string };
  if (id.includes("\0")) throw hiveNotFound(id);
}
