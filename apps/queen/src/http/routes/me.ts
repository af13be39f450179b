import { TOKEN_ROLES } from "@repo/hive-catalog";
import { timeMs } from "@repo/hive-catalog/record";
import * as z from "zod";
import manifest from "../../../package.json" with { type: "json" };
import { beatMsOf } from "../../fleet/liveness/liveness.ts";
import { ANYBODY } from "../door/caller.ts";
import { jsonWriter } from "../json-writer.ts";
import { defineRoute } from "../route.ts";

const count = z.int().min(1);
const ms = z.number().min(0);
const Me = z
  .strictObject({
    role: z.enum(TOKEN_ROLES).meta({ description: "As which this request was let in" }),
    hive_id: z.string().nullable().meta({ description: "The one hive for which the caller may beat; null for any" }),
    token: z
      .strictObject({ id: z.string(), name: z.string(), expires_at_ms: timeMs.nullable() })
      .nullable()
      .meta({ description: "null while the door is open" }),
    version: z.string().meta({ description: "Of the queen" }),
    door_open: z.boolean().meta({ description: "Whether callers on her machine need no token" }),
    public_url: z.string().nullable().meta({ description: "Under which hives reach her" }),
    stale_after_ms: ms.meta({ description: "Age from which a heartbeat no longer shows that a hive is online" }),
    heartbeat_interval_ms: ms.meta({ description: "How far apart the beats of a hive are asked for" }),
    health_interval_ms: ms.meta({ description: "From one round of health checks to the next" }),
    limits: z.strictObject({
      token_requests_per_second: count,
      address_requests_per_second: count
        .nullable()
        .meta({ description: "null for 100, and none while the door is open" }),
      max_connections: count,
      max_connections_per_address: count,
    }),
  })
  .meta({ id: "Me", description: "Who the caller is to the queen, and what of her settings matters to it" });
const meToJson = jsonWriter(Me);

export const meRoutes = [
  defineRoute({
    method: "get",
    path: "/v1/me",
    access: "token",
    operationId: "getMe",
    summary: "Read as whom the queen lets the caller in, and her settings",
    answer: {
      description: "The caller, and the settings",
      schema: Me,
      example: {
        role: "operator",
        hive_id: null,
        token: { id: "0123456789abcdef", name: "me", expires_at_ms: null },
        version: "0.1.0",
        door_open: false,
        public_url: "https://queen.example:8500",
        stale_after_ms: 60_000,
        heartbeat_interval_ms: 15_000,
        health_interval_ms: 30_000,
        limits: {
          token_requests_per_second: 500,
          address_requests_per_second: null,
          max_connections: 20_000,
          max_connections_per_address: 2000,
        },
      },
    },
  }).handle(async ({ caller }, { catalog, door, fleet, publicUrl, limits }) => {
    const { role, hiveId, tokenId } = caller ?? ANYBODY;
    const token = tokenId === null ? undefined : await catalog.tokens.get(tokenId);
    const { staleAfterMs, healthIntervalMs } = fleet.settings;
    return meToJson({
      role,
      hiveId,
      token: token ?? null,
      version: manifest.version,
      doorOpen: door.known.isOpen,
      publicUrl: publicUrl ?? null,
      staleAfterMs,
      healthIntervalMs,
      heartbeatIntervalMs: beatMsOf(fleet.settings),
      limits: { ...limits, addressRequestsPerSecond: limits.addressRequestsPerSecond ?? null },
    });
  }),
];
