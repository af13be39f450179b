import { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** The connections whose request is not answered yet. */
const asking = new WeakSet<Socket>();
/** After a CONNECT that nobody listens for Node reads no further, and closes the connection. */
const LAST = {
  upgrade: { get: () => true, set: () => undefined },
  method: { get: () => "CONNECT", set: () => undefined },
};

/**
 * Of one connection one request at a time, or none: of 64 KB that were sent ahead Node would make thousands, and a hundred such connections
 * would keep the agent from its beats and the queen's health checks for seconds.
 */
export class OneRequest extends IncomingMessage {
  constructor(socket: Socket) {
    super(socket);
    if (asking.has(socket)) Object.defineProperties(this, LAST);
    asking.add(socket);
  }
}

/** The next request of that connection may come. */
export const answered = (socket: Socket): boolean => asking.delete(socket);
