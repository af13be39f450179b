import { readFileSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { startTestQueen } from "../../../test/test-queen.ts";
import { until } from "../../../test/until.ts";

const file = (name: string) => readFileSync(new URL(`../../../test/tls/${name}`, import.meta.url));

async function startWithTls() {
  const queen = await startTestQueen({ tls: { cert: file("a.cert.pem"), key: file("a.key.pem") } });
  onTestFinished(() => queen[Symbol.asyncDispose]());
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  return { ...queen, port: (queen.app.server.address() as AddressInfo).port };
}

/** What is answered to these bytes before the connection is closed. */
function answerTo(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(bytes);
  return text(socket);
}

test.each(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])(
  "whoever sends %s in clear text to the port of HTTPS is told so",
  async (method) => {
    const queen = await startWithTls();
    const answer = await answerTo(queen.port, `${method} /v1/hives HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\ncontent-type: text\/plain; charset=utf-8\r\n/);
    expect(answer).toMatch(/\r\n\r\nThis port speaks HTTPS: the URL begins with https:\/\/\n$/);
  },
);

test("the log says it once a minute, however many do it", async () => {
  const queen = await startWithTls();
  const lines = () => queen.logLines.filter(({ msg }) => msg.startsWith("plain HTTP came"));
  const ask = () => answerTo(queen.port, "GET / HTTP/1.1\r\n\r\n");
  await Promise.all([ask(), ask(), ask()]);
  expect(lines()).toMatchObject([{ level: 30, address: "127.0.0.1" }]);
  queen.clock.advance(60_000);
  await ask();
  expect(lines()).toHaveLength(2);
});

test("what is neither TLS nor HTTP ends, and nothing is left open", async () => {
  const queen = await startWithTls();
  await answerTo(queen.port, "\0\0\0\0\0\0\0\0");
  const connections = () =>
    new Promise<number>((resolve, reject) => {
      queen.app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });
  await until("the connection is gone", async () => (await connections()) === 0);
});
