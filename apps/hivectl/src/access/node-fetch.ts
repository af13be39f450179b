import * as http from "node:http";
import * as https from "node:https";
import { Readable } from "node:stream";
import { rootCertificates } from "node:tls";

interface Seen {
  readonly method: string;
  readonly url: URL;
  /** Of the answer, or why there is none. */
  readonly outcome: string;
  readonly tookMs: number;
}

/** Nothing was sent: there was no connection on which to send it. */
export class NotConnected extends Error {
  override readonly name = "NotConnected";
  readonly code: string | undefined;

  constructor(cause: NodeJS.ErrnoException) {
    super(cause.message, { cause });
    this.code = cause.code;
  }
}

/**
 * `fetch` as far as a client of the queen needs it, because that of Node takes no certificates of one's own. It follows no redirect. `onAnswer` is
 * told of each request; no header is, and so no token.
 */
export function nodeFetch(ca: string | undefined, onAnswer?: (seen: Seen) => void): typeof globalThis.fetch {
  const secure = new https.Agent({ keepAlive: true, ...(ca !== undefined && { ca: [...rootCertificates, ca] }) });
  const plain = new http.Agent({ keepAlive: true });
  return async (input, init = {}) => {
    const url = new URL(String(input));
    const method = init.method ?? "GET";
    const startMs = performance.now();
    const tell = (outcome: string) => onAnswer?.({ method, url, outcome, tookMs: performance.now() - startMs });
    try {
      const response = toResponse(await send(url, init, url.protocol === "https:" ? secure : plain));
      tell(String(response.status));
      return response;
    } catch (error) {
      tell(error instanceof Error ? error.message : String(error));
      throw error;
    }
  };
}

function send(
  url: URL,
  { method, headers, body, signal }: RequestInit,
  agent: http.Agent,
): Promise<http.IncomingMessage> {
  const [{ request }, connected] = url.protocol === "https:" ? [https, "secureConnect"] : [http, "connect"];
  const options = { method, agent, headers: Object.fromEntries(new Headers(headers)), ...(signal && { signal }) };
  return new Promise((resolve, reject) => {
    let isConnected = false;
    const asked = request(url, options, resolve);
    asked.on("socket", (socket) => {
      isConnected = asked.reusedSocket;
      if (isConnected) return;
      socket.once(connected, () => {
        isConnected = true;
      });
    });
    asked.on("error", (error) => reject(isConnected ? error : new NotConnected(error)));
    asked.end(typeof body === "string" ? body : undefined);
  });
}

function toResponse(answer: http.IncomingMessage): Response {
  const status = answer.statusCode ?? 0;
  // A Response takes no other.
  if (status < 200 || status > 599) {
    answer.destroy();
    throw new Error(`what answers has the status ${status}, which HTTP does not have`);
  }
  const headers = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  // These have no body, and a Response takes none.
  if (status === 204 || status === 304) answer.resume();
  const body = status === 204 || status === 304 ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
  return new Response(body, { status, headers });
}
