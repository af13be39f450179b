import type { TokenRecord } from "@repo/hive-catalog";
import { forbidden } from "./refusals.ts";

/**
 * What a route asks of its caller: nothing, any token, a hive's, at least a reader's, or an operator's. One that is always open is not counted either:
 * whoever restarts the queen when she does not answer must not be kept out by others at his address.
 */
export type Access = "always" | "open" | "token" | "hive" | "reader" | "operator";
export type GuardedAccess = Exclude<Access, "always" | "open">;
type Role = TokenRecord["role"];

/** Somebody who logged in with a token. */
export interface Login {
  readonly cookieHash: string;
  /** Of the token: without the key of the session its caller is a reader. */
  readonly role: Role;
  readonly hasKey: boolean;
  readonly expiresAtMs: number;
}

export interface Caller {
  readonly role: Role;
  /** The one hive for which it may beat; null for any. */
  readonly hiveId: string | null;
  /** null while the door is open. */
  readonly tokenId: string | null;
  /** Of a caller who shows a cookie in place of a token. */
  readonly login?: Login;
}

export const ANYBODY: Caller = { role: "operator", hiveId: null, tokenId: null };

const ADMITTED: Record<GuardedAccess, readonly Role[]> = {
  token: ["hive", "reader", "operator"],
  hive: ["hive", "operator"],
  reader: ["reader", "operator"],
  operator: ["operator"],
};

/** Throws the 403 for a caller whose token may not do what a route does. */
export function checkRole(access: GuardedAccess, { role, tokenId, login }: Caller): void {
  if (ADMITTED[access].includes(role)) return;
  const needed = `This needs the token of one of: ${ADMITTED[access].join(", ")}`;
  if (login?.hasKey === false && ADMITTED[access].includes(login.role)) {
    throw forbidden(`${needed}; a session without its key, in the header x-queen-key, is that of a reader`);
  }
  throw forbidden(`${needed}; the token ${tokenId} is that of the role ${role}`);
}

/** Throws the 403 for a caller whose token is that of another hive. */
export function checkBeatsFor(caller: Caller | null, hiveId: string): void {
  if (caller === null || caller.hiveId === null || caller.hiveId === hiveId) return;
  throw forbidden(
    `This token beats for the hive ${JSON.stringify(caller.hiveId)} alone, not for ${JSON.stringify(hiveId)}`,
  );
}
