import { type IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from "node:http";

/**
 * Of every answer, so that a browser makes nothing of it but what the queen meant: no page of others in which it is framed or loaded, no
 * guess at its type, and no word of her addresses to others; and so that no cache on the way keeps it, and hands it to whoever shows no token. A
 * page of hers says itself what it may run, and its files how long they may be kept.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};
const HEADERS = Object.entries(SECURITY_HEADERS);

type HeadParts = (string | OutgoingHttpHeaders | OutgoingHttpHeader[] | undefined)[];

/** What each server answers with: a hook of the framework sees neither streams, nor what the framework or Node refuse by themselves. */
export class SecureResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  override writeHead(statusCode: number, ...parts: HeadParts): this {
    // Nobody knows how much of it is still to come, nor in how many pieces.
    if (!this.req.complete && this.req.headers["transfer-encoding"] !== undefined) this.shouldKeepAlive = false;
    const given = parts.at(-1);
    // Beside headers that come as one object, those set one by one cost twice as much: each heartbeat passes here.
    const isObject = typeof given === "object" && !Array.isArray(given);
    for (const [name, value] of HEADERS) {
      if (this.hasHeader(name)) continue;
      if (isObject) given[name] ??= value;
      else this.setHeader(name, value);
    }
    return super.writeHead(statusCode, ...(parts as []));
  }
}

/** The content-security-policy of a page of hers, which runs its own files alone; small pictures stand in its style sheet. */
export const pagePolicy = (formAction: "'self'" | "'none'", ...further: readonly string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    `form-action ${formAction}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    ...further,
  ].join("; ");
