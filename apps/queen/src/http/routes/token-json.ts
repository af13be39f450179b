import type { TokenRecord } from "@repo/hive-catalog";

/** A token as it is told to who may know of it: without what could be used in its place. */
export const toTokenJson = ({
  id,
  name,
  role,
  hiveId,
  createdAtMs,
  expiresAtMs,
  revokedAtMs,
  lastUsedAtMs,
}: TokenRecord) => ({
  id,
  name,
  role,
  hive_id: hiveId,
  created_at_ms: createdAtMs,
  expires_at_ms: expiresAtMs,
  revoked_at_ms: revokedAtMs,
  last_used_at_ms: lastUsedAtMs,
});
