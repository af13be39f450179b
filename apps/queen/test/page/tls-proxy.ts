import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream";
import { onTestFinished } from "vitest";

const PATH = "/hives";
const tlsFile = (name: string) => readFileSync(new URL(`../tls/${name}`, import.meta.url));

/** A proxy that ends TLS and has the queen at this origin below a path of its own, which it takes away. What stands in `away` it answers to readers of events, in place of her. */
export async function startTlsProxy(origin: string, away: number[] = []): Promise<string> {
  const proxy = createServer({ cert: tlsFile("a.cert.pem"), key: tlsFile("a.key.pem") }, (incoming, outgoing) => {
    const { method = "GET", headers, url = "" } = incoming;
    const status = url.includes("/v1/events") ? away.pop() : undefined;
    if (status !== undefined || !url.startsWith(`${PATH}/`)) {
      outgoing.writeHead(status ?? 404).end();
      return;
    }
    const passOn = request(origin + url.slice(PATH.length), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      // Whoever is cut off here is cut off there.
      pipeline(answer, outgoing, () => undefined);
    });
    incoming.pipe(passOn.on("error", () => outgoing.destroy()));
  }).listen(0, "127.0.0.1");
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  await once(proxy, "listening");
  return `https://127.0.0.1:${(proxy.address() as AddressInfo).port}${PATH}/`;
}
