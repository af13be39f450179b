import { type HiveCatalog, mintToken, type NewToken } from "@repo/hive-catalog";

/** Adds a token to the catalog, as `queen token create` does, and returns what its bearer sends. */
export async function addToken(
  catalog: HiveCatalog,
  role: NewToken["role"],
  hiveId?: string,
): Promise<{ id: string; token: string; authorization: string }> {
  const { token, ...minted } = mintToken();
  await catalog.tokens.add({ ...minted, name: `a ${role}`, role, ...(hiveId !== undefined && { hiveId }) });
  return { id: minted.id, token, authorization: `Bearer ${token}` };
}
