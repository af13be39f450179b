import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Below the ports that systems give to outgoing connections, so that none of those takes it before it is used. */
const FIRST_PORT = 20_000;
const LAST_PORT = 29_999;

/** A port of 127.0.0.1 on which nobody listens. */
export async function unusedPort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    const server = createServer();
    const listening = once(server.listen(port, "127.0.0.1"), "listening");
    const isFree = await listening.then(
      () => true,
      () => false,
    );
    server.close();
    if (isFree) return port;
  }
}
