import type { FastifyInstance } from "fastify";
import type { AppParts } from "../app.ts";
import { HeartbeatJson } from "../heartbeat.ts";
import { parseBody } from "../input.ts";

export function heartbeatRoutes(app: FastifyInstance, { heartbeats }: Pick<AppParts, "heartbeats">): void {
  app.post("/v1/heartbeat", async (request) => {
    const beat = parseBody(HeartbeatJson, request.body, "INVALID_ARGUMENT");
    await heartbeats.receive(beat);
    return { status: "ok", message: `Heartbeat received from ${beat.hiveId}` };
  });
}
