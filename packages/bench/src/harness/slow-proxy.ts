import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP proxy on loopback that hands everything on `delayMs` later, in both directions: a server that is far away. */
export async function startSlowProxy(targetPort: number, delayMs: number): Promise<{ port: number }> {
  // Each side ends by itself, when what the other one sent has arrived.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const target = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true });
    handOn(client, target, delayMs);
    handOn(target, client, delayMs);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port };
}

/** Timers of one length fire in the order in which they were set, so nothing overtakes. */
function handOn(from: Socket, to: Socket, delayMs: number): void {
  from.setNoDelay(true);
  from.on("data", (chunk) => void setTimeout(() => to.write(chunk), delayMs));
  from.on("end", () => void setTimeout(() => to.end(), delayMs));
  from.on("error", () => to.destroy());
}
