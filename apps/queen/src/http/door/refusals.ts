import { Problem } from "../errors.ts";

export const unknownToken = (): Problem => invalidToken("This token is not one of this queen's, or it was revoked");

const SHOWN = "as `Authorization: Bearer hq_…`; `pnpm queen token create` makes one";

/** Of who shows nothing, or what is no token by its form: one cut short, another scheme, a variable that is empty. */
export const tokenNeeded = (hasShown: boolean): Problem =>
  hasShown
    ? invalidToken(`What was shown has not the form of a token: this needs one, ${SHOWN}`)
    : challenge(`This needs a token, ${SHOWN}`, "");

export const expired = (tokenId: string, expiresAtMs: number | null): Problem =>
  invalidToken(`The token ${tokenId} expired at ${new Date(expiresAtMs ?? 0).toISOString()}: ask for a new one`);

const invalidToken = (detail: string): Problem => challenge(detail, ', error="invalid_token"');

export const sessionEnded = (): Problem =>
  challenge("This session has ended, or its token was revoked: log in again with POST /v1/session", "");

/** Of somebody who was let in when a long request began. */
export const endedMeanwhile = (): Problem =>
  challenge("Not tried, because the token or the session with which this was asked for has ended meanwhile", "");

export const wrongCode = (): Problem =>
  challenge("This code is none of this queen's, or was used, or is older than a minute: ask for a new one", "");

const challenge = (detail: string, further: string): Problem =>
  new Problem("UNAUTHENTICATED", detail, { headers: { "www-authenticate": `Bearer realm="queen"${further}` } });

export const forbidden = (detail: string): Problem => new Problem("FORBIDDEN", detail);

export const keyNeeded = (): Problem =>
  forbidden(
    "To change something, a session shows the header x-queen-key beside its cookie: POST /v1/session answered it",
  );

export const wrongKey = (): Problem => forbidden("The header x-queen-key is not the key of this session");

export const operatorFirst = (): Problem =>
  new Problem(
    "OPERATOR_FIRST",
    "This token would lock the door, and no operator has one that lasts: make one of the role operator, without expires_at_ms, first",
  );

export const tooMany = (detail: string, retryAfterSeconds: number, headers: Record<string, string> = {}): Problem =>
  new Problem("TOO_MANY_REQUESTS", detail, { headers: { "retry-after": String(retryAfterSeconds), ...headers } });

export const tooManyConnections = (tokenId: string | null): Problem =>
  tooMany(`Too many connections of the token ${tokenId}, or of all: this one is closed`, 1, { connection: "close" });

export function tooManyRequests(whose: string, waitMs: number): Problem {
  const seconds = Math.ceil(waitMs / 1000);
  return tooMany(`Too many requests of ${whose}: the next may come in ${seconds} s`, seconds);
}
