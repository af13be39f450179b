import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** Takes connections and says nothing: an operation over SSH that begins there runs until it is cancelled. */
export async function silentServer() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}
