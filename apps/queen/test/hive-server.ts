import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A real HTTP server on a free loopback port in place of a hive. What it answers can be changed while it runs. */
export class HiveServer {
  readonly host = "127.0.0.1";
  readonly requests: string[] = [];
  readonly #server = createServer((request, response) => {
    this.requests.push(`${request.method} ${request.url}`);
    (this.routes[request.url ?? ""] ?? answer(404, "not found"))(request, response);
  });
  routes: Record<string, Answer>;

  private constructor(routes: Record<string, Answer>) {
    this.routes = routes;
  }

  static async start(routes: Record<string, Answer> = HEALTHY): Promise<HiveServer> {
    const hive = new HiveServer(routes);
    hive.#server.listen(0, hive.host);
    await once(hive.#server, "listening");
    return hive;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  countOf(request: string): number {
    return this.requests.filter((seen) => seen === request).length;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

/** A port on which nobody listens. */
export async function deadPort(): Promise<number> {
  const hive = await HiveServer.start();
  const { port } = hive;
  await hive.stop();
  return port;
}

/** A hive that is stopped with the test. */
export async function startHive(routes?: Record<string, Answer>): Promise<HiveServer> {
  const hive = await HiveServer.start(routes);
  onTestFinished(() => hive.stop());
  return hive;
}

export const answer =
  (status: number, body: string, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    void response.writeHead(status, headers).end(body);

export const DEVICES_JSON = { cpu: { cores: 8, ram_gb: 32 }, gpus: [{ index: 0, name: "RTX 3060", vram_gb: 12 }] };

export const HEALTHY: Record<string, Answer> = {
  "/health": answer(200, "ok"),
  "/v1/devices": answer(200, JSON.stringify(DEVICES_JSON)),
};
