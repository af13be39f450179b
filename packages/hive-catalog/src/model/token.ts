import * as z from "zod";
import { optional, rulesOf, time } from "./fields.ts";
import { choice, line, ofHive, recordId, sha256 } from "./texts.ts";

/** What a token's bearer may do: everything, read, or beat for the one hive that it belongs to. */
export const TOKEN_ROLES = ["operator", "reader", "hive"] as const;

export const tokenFields = {
  id: recordId("id"),
  name: line("name", 100),
  role: choice("role", TOKEN_ROLES),
  /** Of a token of the role `hive` alone. */
  hiveId: optional(ofHive("hive_id")),
  hash: sha256("hash"),
  createdAtMs: time("created_at_ms"),
  revokedAtMs: optional(time("revoked_at_ms")),
  /** From when on it is worth nothing; null for never. */
  expiresAtMs: optional(time("expires_at_ms")),
  /** As far as it was written down: see `tokens.used`. */
  lastUsedAtMs: optional(time("last_used_at_ms")),
};

const rules = z.strictObject(rulesOf(tokenFields));

/** A token, without what could be used in its place. */
export const TokenRecord = rules.omit({ hash: true });
export type TokenRecord = z.infer<typeof TokenRecord>;

/** Whether it lets its bearer in at that time. */
export function isInForce(
  { revokedAtMs, expiresAtMs }: Pick<TokenRecord, "revokedAtMs" | "expiresAtMs">,
  nowMs: number,
): boolean {
  return revokedAtMs === null && (expiresAtMs === null || nowMs < expiresAtMs);
}

type Owner = { role: string; hiveId?: string | null | undefined };

function checkOwner({ value, issues }: z.core.ParsePayload<Owner>): void {
  const input = value.hiveId ?? null;
  if ((value.role === "hive") === (input !== null)) return;
  const message = input === null ? "is required for a token of the role hive" : "is only for a token of the role hive";
  issues.push({ code: "custom", input, path: ["hiveId"], message });
}

/** A token as it is stored: with its hash, never with what its bearer shows. */
export const StoredToken = rules.check(checkOwner);
export type StoredToken = z.infer<typeof StoredToken>;

const BY_DEFAULT = {
  hiveId: true,
  createdAtMs: true,
  revokedAtMs: true,
  expiresAtMs: true,
  lastUsedAtMs: true,
} as const;

/** What `tokens.add` takes; `createdAtMs` is now by default. A whole `StoredToken` will do. */
export const NewToken = rules.partial(BY_DEFAULT).check(checkOwner);
export type NewToken = z.input<typeof NewToken>;
