import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/**
 * A real HTTP proxy before a queen. A request that fits what is to break, it breaks off once, as a queen does who dies; and `before` an answer to
 * one is handed on, something may happen, for which it waits.
 */
export async function breakingProxy(queen: string) {
  let breaks: RegExp | undefined;
  let before: ((asked: IncomingMessage) => void | Promise<void>) | undefined;
  const server = createServer((asked, answer) => {
    if (breaks?.test(asked.url ?? "")) {
      breaks = undefined;
      asked.socket.resetAndDestroy();
      return;
    }
    const { method, headers } = asked;
    const onward = request(new URL(asked.url ?? "", queen), { method, headers }, async (said) => {
      await before?.(asked);
      answer.writeHead(said.statusCode ?? 502, said.headers);
      said.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    asked.pipe(onward);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    breakOnce: (path: RegExp) => {
      breaks = path;
    },
    beforeAnswers: (happens: NonNullable<typeof before>) => {
      before = happens;
    },
  };
}
