import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { startSlowProxy } from "./slow-proxy.ts";

test("a slow proxy hands everything on in both directions, in order, and the end too", async () => {
  const echo = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
  await once(echo, "listening");
  const { port } = await startSlowProxy((echo.address() as AddressInfo).port, 5);
  const client = connect(port, "127.0.0.1");
  const words = Array.from({ length: 200 }, (_, n) => `${n} `);
  for (const word of words) {
    client.write(word);
    await new Promise(setImmediate);
  }
  client.end();
  expect(await text(client)).toBe(words.join(""));
  echo.close();
});
