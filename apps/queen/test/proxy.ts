import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A real TCP proxy on loopback that can swallow everything: who connects gets no answer and no refusal. */
export async function startProxy(targetPort: () => number) {
  const sockets = new Set<Socket>();
  let swallows = false;
  const server = createServer((client) => {
    sockets.add(client);
    client.on("close", () => sockets.delete(client)).on("error", () => client.destroy());
    if (swallows) {
      client.resume();
      return;
    }
    const target = connect(targetPort(), "127.0.0.1");
    sockets.add(target);
    target.on("close", () => sockets.delete(target)).on("error", () => client.destroy());
    client.pipe(target).pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const end = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    server.close();
    end();
  });
  return {
    port: (server.address() as AddressInfo).port,
    /** Ends what is connected, so that nothing gets through that was. */
    swallow: (all: boolean) => {
      swallows = all;
      end();
    },
  };
}
