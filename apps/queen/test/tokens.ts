import { type HiveCatalog, mintToken, type NewToken } from "@repo/hive-catalog";

/** Adds a token to the catalog, as `queen token create` does, and returns what its bearer sends. */
export async function addToken(
  catalog: HiveCatalog,
  role: NewToken["role"],
  hiveId?: string,
  expiresAtMs?: number,
): Promise<{ id: string; token: string; authorization: string }> {
  const { token, ...minted } = mintToken();
  await catalog.tokens.add({
    ...minted,
    name: `a ${role}`,
    role,
    hiveId: hiveId ?? null,
    expiresAtMs: expiresAtMs ?? null,
  });
  return { id: minted.id, token, authorization: `Bearer ${token}` };
}
