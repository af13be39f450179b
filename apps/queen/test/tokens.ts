import type { HiveCatalog, NewToken } from "@repo/hive-catalog";
import { mintToken } from "../src/http/door/tokens.ts";

/** Adds a token to the catalog, as `queen token create` does, and returns what its bearer sends. */
export async function addToken(
  catalog: HiveCatalog,
  role: NewToken["role"],
  hiveId?: string,
): Promise<{ id: string; token: string; authorization: string }> {
  const { id, token, hash } = mintToken();
  await catalog.tokens.add({ id, name: `a ${role}`, role, hash, ...(hiveId !== undefined && { hiveId }) });
  return { id, token, authorization: `Bearer ${token}` };
}
