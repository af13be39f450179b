import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** No client that is known sends more requests ahead of their answers. */
const MAX_AHEAD = 16;

/** Nobody reads it before its turn: what arrives of it would be kept. */
const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;

/** As Node calls the answer that has the connection now. A map of our own would be changed by each request, and keep the last answer of each idle connection. */
type Connection = Socket & { readonly _httpMessage?: ServerResponse | null };

/** Whether all of that answer was written, and perhaps read. */
const hasAnswered = ({ _httpMessage: answer }: Connection): boolean => answer?.writableEnded === true;

/**
 * Of one connection one request at a time: Node hands over at once all that a caller has sent ahead, and would keep the answers of all. One
 * that was sent ahead has no socket until the answers before it have gone, and then waits for the next turn of the event loop: the requests
 * of hundreds of connections in one turn would keep beats waiting. Whoever has read the whole of an answer sent nothing ahead, though Node, over TLS
 * above all, may learn only after the next request that it has gone.
 */
export function oneAtATime(handler: RequestListener): RequestListener {
  const ahead = new WeakMap<Socket, number>();
  return (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    if (socket.destroyed) return;
    if (response.socket !== null) {
      handler(request, response);
      return;
    }
    const waiting = ahead.get(socket) ?? 0;
    const isNext = waiting === 0 && hasAnswered(socket);
    if (waiting === MAX_AHEAD || (hasBody(request) && !isNext)) {
      socket.destroy();
      return;
    }
    ahead.set(socket, waiting + 1);
    response.once("socket", () => {
      ahead.set(socket, (ahead.get(socket) ?? 1) - 1);
      setImmediate(() => {
        if (!socket.destroyed) handler(request, response);
      });
    });
  };
}
