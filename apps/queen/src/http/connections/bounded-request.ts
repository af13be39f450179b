import { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** Of one body. A sound one of 1 MB comes in some 700 over Ethernet. */
export const MAX_PIECES = 4096;

/** What Node's parser asks once it has read the head of a request: after a 2, for another protocol that begins, it reads no further. */
type Parsed = Socket & { readonly parser?: { onIncoming: () => number } | null };
const OTHER_PROTOCOL = 2;

/**
 * What each server reads: of each piece of a body Node makes a buffer of some hundred bytes, and a call, however short it is. Chunks of one byte would
 * make of 1 MB, which is counted as 1 MB, three hundred and a second without service. Of a connection that
 * is closed while it is read, nothing more is looked at: 64 KB that have arrived may be thousands of requests, each of which Node would make
 * for nobody.
 */
export function boundedRequest(refuse: (error: NodeJS.ErrnoException, socket: Socket) => void): typeof IncomingMessage {
  return class BoundedRequest extends IncomingMessage {
    #pieces = 0;

    constructor(socket: Parsed) {
      super(socket);
      if (socket.destroyed && socket.parser) socket.parser.onIncoming = () => OTHER_PROTOCOL;
    }

    override push(piece: unknown, encoding?: BufferEncoding): boolean {
      if (piece === null || ++this.#pieces <= MAX_PIECES) return super.push(piece, encoding);
      // What has arrived already is still handed over, piece by piece.
      if (this.#pieces === MAX_PIECES + 1) {
        this.socket.pause();
        const error = new Error(`the body comes in more than ${MAX_PIECES} pieces`);
        refuse(Object.assign(error, { code: "BODY_IN_PIECES" }), this.socket);
      }
      return false;
    }
  };
}
