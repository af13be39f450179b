import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { connect as tlsConnect } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { HIVE_JSON, startTestQueen } from "../../../test/test-queen.ts";
import { boundedRequest, MAX_PIECES } from "./bounded-request.ts";

const file = (name: string) => readFileSync(new URL(`../../../test/tls/${name}`, import.meta.url));
const TLS = { cert: file("a.cert.pem"), key: file("a.key.pem") };

/** What is answered to these bytes, over HTTP and over HTTPS, until the connection is closed. */
async function exchange(protocol: string, bytes: string): Promise<string> {
  const isTls = protocol === "HTTPS";
  const queen = await startTestQueen(isTls ? { tls: TLS } : {});
  onTestFinished(() => queen[Symbol.asyncDispose]());
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = queen.app.server.address() as AddressInfo;
  const options = { host: "127.0.0.1", port };
  const socket = isTls ? tlsConnect({ ...options, rejectUnauthorized: false }) : connect(options);
  socket.write(bytes);
  return await text(socket);
}

/** `body` in chunks of one byte. */
const inChunks = (path: string, body: string, end = "0\r\n\r\n") =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${body.replaceAll(/./g, "1\r\n$&\r\n")}${end}`;

test.each(["HTTP", "HTTPS"])(
  "over %s a body that comes in thousands of pieces is refused while it comes",
  async (protocol) => {
    const answer = await exchange(protocol, inChunks("/v1/hives", " ".repeat(2 * MAX_PIECES), ""));
    expect(answer).toMatch(/^HTTP\/1\.1 413 .*"code":"PAYLOAD_TOO_LARGE"/s);
    expect(answer).toContain(`The body comes in more than ${MAX_PIECES} pieces: send longer chunks`);
  },
);

test.each(["HTTP", "HTTPS"])("over %s a body of as many pieces as are taken is read", async (protocol) => {
  const json = JSON.stringify(HIVE_JSON);
  const answer = await exchange(protocol, inChunks("/v1/hives", " ".repeat(MAX_PIECES - json.length) + json));
  expect(answer).toMatch(/^HTTP\/1\.1 201 /);
});

test.each([
  ["nobody takes", "POST /nowhere", 404],
  ["nobody reads", "GET /health/live", 200],
])("of a body in chunks that %s, the rest is not waited for", async (_what, request, status) => {
  const head = `${request} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const answer = await exchange("HTTP", `${head}1\r\na\r\n`);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} .*\\r\\nconnection: close\\r\\n`, "is"));
});

test.each(["HTTP", "HTTPS"])(
  "over %s, of what one connection has sent nothing is looked at once that is closed",
  async (protocol) => {
    let made = 0;
    class CountedRequest extends boundedRequest(() => undefined) {
      constructor(socket: Socket) {
        super(socket);
        made += 1;
      }
    }
    const isTls = protocol === "HTTPS";
    const close = ({ socket }: IncomingMessage) => void socket.destroy();
    const server = isTls
      ? createTlsServer({ ...TLS, IncomingMessage: CountedRequest }, close)
      : createServer({ IncomingMessage: CountedRequest }, close);
    onTestFinished(() => void server.close());
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const socket = isTls ? tlsConnect({ port, rejectUnauthorized: false }) : connect(port);
    socket.on("error", () => undefined);
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(500));
    await once(socket, "close");
    expect(made).toBe(2);
  },
);
