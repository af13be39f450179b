import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { SECURITY_HEADERS } from "./security-headers.ts";

/** For an answer to reach a caller whose connection is given up. */
const LINGER_MS = 500;

/** Answers what is not even a request, and closes the connection. */
export function answerRaw(socket: Socket, status: number, type: string, body: string): void {
  const headers = {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    ...SECURITY_HEADERS,
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${body}`);
  // Whoever never ends its side of it would keep the connection.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}
