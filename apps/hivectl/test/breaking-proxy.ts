import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/**
 * A real HTTP proxy before a queen. A request that fits what is to break, it breaks off once, and a GET with the repeat that follows it, as a queen
 * does who dies, or each one while she is away; of one that fits what is held back it answers the head alone; and `before` an answer to one is handed on, something may happen, for which
 * it waits.
 */
export async function breakingProxy(queen: string) {
  let breaks: RegExp | undefined;
  let isToRepeat = false;
  let isAway = false;
  let held: RegExp | undefined;
  let [inFlight, most] = [0, 0];
  let before: ((asked: IncomingMessage) => void | Promise<void>) | undefined;
  const server = createServer((asked, answer) => {
    const isToBreak = breaks?.test(asked.url ?? "");
    if (isToBreak) {
      isToRepeat = asked.method === "GET" && !isToRepeat;
      if (!isToRepeat) breaks = undefined;
    }
    if (isToBreak || isAway) {
      asked.socket.resetAndDestroy();
      return;
    }
    inFlight += 1;
    most = Math.max(most, inFlight);
    answer.on("close", () => {
      inFlight -= 1;
    });
    const { method, headers } = asked;
    const onward = request(new URL(asked.url ?? "", queen), { method, headers }, async (said) => {
      await before?.(asked);
      answer.writeHead(said.statusCode ?? 502, { ...said.headers, ...(!server.listening && { connection: "close" }) });
      if (held?.test(asked.url ?? "")) answer.flushHeaders();
      else said.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    asked.pipe(onward);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => void server.close();
  onTestFinished(() => {
    close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    breakOnce: (path: RegExp) => {
      breaks = path;
    },
    setAway: (away: boolean) => {
      isAway = away;
    },
    /** Nobody listens there any more, and of a connection the next answer is the last. */
    close,
    holdBack: (path: RegExp) => {
      held = path;
    },
    /** How many requests there were at one time. */
    mostAtOnce: () => most,
    beforeAnswers: (happens: NonNullable<typeof before>) => {
      before = happens;
    },
  };
}
