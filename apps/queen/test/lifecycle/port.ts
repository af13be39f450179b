import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

/** Below the ports that systems give to outgoing connections, so that none of those takes it before it is used. */
const FIRST_PORT = 20_000;
const LAST_PORT = 29_999;
const HOST = "127.0.0.1";

/** A port of 127.0.0.1 on which nobody listens, and that nobody else is given for as long as this process lives. */
export async function unusedPort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    const claim = createSocket("udp4");
    claim.bind(port, HOST);
    if ((await isListening(claim)) && (await isFree(port))) {
      claim.unref();
      return port;
    }
    claim.close();
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, HOST);
  const isIt = await isListening(server);
  server.close();
  return isIt;
}

const isListening = (server: NodeJS.EventEmitter): Promise<boolean> =>
  once(server, "listening").then(
    () => true,
    () => false,
  );
