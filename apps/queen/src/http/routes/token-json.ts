import { TOKEN_ROLES } from "@repo/hive-catalog";
import { timeMs } from "@repo/hive-catalog/record";
import * as z from "zod";
import { jsonWriter } from "../json-writer.ts";

export const TokenJson = z
  .strictObject({
    id: z.string().meta({ description: "Public: names the token in lists, logs and paths" }),
    name: z.string(),
    role: z.enum(TOKEN_ROLES),
    hive_id: z.string().nullable().meta({ description: "The one hive for which a hive's token beats" }),
    created_at_ms: timeMs,
    expires_at_ms: timeMs.nullable().meta({ description: "null for never" }),
    revoked_at_ms: timeMs.nullable(),
    last_used_at_ms: timeMs.nullable().meta({
      description:
        "Of this queen at once, of others as it is written: once a minute, and when a queen stops. What she was told in the last minute before a crash is lost",
    }),
  })
  .meta({ id: "Token", description: "A token, without what could be used in its place" });

export const toTokenJson = jsonWriter(TokenJson);
