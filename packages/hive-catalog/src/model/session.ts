import * as z from "zod";
import { rulesOf, time } from "./fields.ts";
import { recordId, sha256 } from "./texts.ts";

export const sessionFields = {
  /** Of what its browser sends with each request. */
  cookieHash: sha256("cookie_hash"),
  /** Of what a page shows beside the cookie when it changes something. */
  keyHash: sha256("key_hash"),
  /** The token that was shown for it: what that may do, the session may, and ends with it. */
  tokenId: recordId("token_id"),
  createdAtMs: time("created_at_ms"),
  expiresAtMs: time("expires_at_ms"),
};

/** Somebody who logged in with a token, as it is stored: never with what the browser or the page shows. */
export const SessionRecord = z.strictObject(rulesOf(sessionFields));
export type SessionRecord = z.infer<typeof SessionRecord>;

/** What `sessions.add` takes. */
export const NewSession = SessionRecord.omit({ createdAtMs: true });
export type NewSession = z.input<typeof NewSession>;
