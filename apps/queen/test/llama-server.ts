import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A llama-server with one model that has nothing to do: what a named server is asked, as real ones answer it. Resolves to its URL. */
export async function startLlamaServer(model: string, { slots = 4 } = {}): Promise<string> {
  const answers: Record<string, unknown> = {
    "/health": { status: "ok" },
    "/props": { model_alias: model, total_slots: slots, is_sleeping: false },
  };
  const server = createServer(({ url = "" }, response) => {
    const body = answers[url];
    response.writeHead(body === undefined ? 404 : 200, { server: "llama.cpp", "content-type": "application/json" });
    response.end(JSON.stringify(body ?? {}));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
