import type { FastifyInstance } from "fastify";
import { HeartbeatJson, usualHeartbeat } from "../../fleet/heartbeats.ts";
import { checkBeatsFor } from "../door/door.ts";
import { parseBody } from "../input.ts";
import type { AppParts } from "../parts.ts";

export function heartbeatRoutes(app: FastifyInstance, { heartbeats }: Pick<AppParts, "heartbeats">): void {
  app.post("/v1/heartbeat", { config: { access: "hive" } }, async (request) => {
    const beat = usualHeartbeat(request.body) ?? parseBody(HeartbeatJson, request.body, "INVALID_ARGUMENT");
    checkBeatsFor(request.caller, beat.hiveId);
    const nextBeatMs = await heartbeats.receive(beat);
    return { status: "ok", message: `Heartbeat received from ${beat.hiveId}`, next_beat_ms: nextBeatMs };
  });
}
