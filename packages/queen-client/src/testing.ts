import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { QueenClient } from "./client.ts";
import type { Bytes } from "./lines.ts";
import type { QueenClientOptions } from "./requests.ts";

export const TOKEN = "hq_secret";

/** A server on loopback in place of a queen, until it is disposed of; it keeps what it was asked. */
export async function startServer(answer: RequestListener) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

/** A client, and what answers it. */
export async function startClient(answer: RequestListener, options: Partial<QueenClientOptions> = {}) {
  const server = await startServer(answer);
  const client = new QueenClient({ url: server.origin, token: TOKEN, ...options });
  return { ...server, client };
}

/** A body that comes in these pieces. What comes after them is its end, or nothing for ever. */
export const bodyOf = (pieces: readonly (string | Uint8Array)[], { ends = true } = {}): Bytes =>
  new ReadableStream({
    start(controller) {
      for (const piece of pieces)
        controller.enqueue(typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
      if (ends) controller.close();
    },
  });

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
