import { type IncomingMessage, ServerResponse } from "node:http";

/**
 * Of every answer, so that a browser makes nothing of it but what the queen meant: no page of others in which it is framed or loaded, no
 * guess at its type, and no word of her addresses to others. A page of hers says itself what it may run.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};
const HEADERS = Object.entries(SECURITY_HEADERS);

/** What each server answers with: a hook of the framework sees neither streams, nor what the framework or Node refuse by themselves. */
export class SecureResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  constructor(request: Request) {
    super(request);
    for (const [name, value] of HEADERS) this.setHeader(name, value);
  }
}
