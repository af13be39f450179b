import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { keptEvents } from "./kept-events.ts";
import { all, json, startClient } from "./testing.ts";

/** What a signal holds of those who wait for it, in whatever it keeps them. */
function heldBy(signal: AbortSignal): number {
  const values = Object.getOwnPropertySymbols(signal).map((name) => Reflect.get(signal, name)?.size);
  const sizes = values.filter((size) => typeof size === "number");
  return sizes.reduce((sum, size) => sum + size, getEventListeners(signal, "abort").length);
}

const LINES = '{"type":"hive"}\n{"type":"end"}\n';
const STREAM = "id: s-1\nevent: hive_removed\ndata: {}\n\nid: s-3\n\n";

const startQueen = () =>
  startClient((request, response) => {
    const send = (type: string, text: string) => response.writeHead(200, { "content-type": type }).end(text);
    if (request.url?.startsWith("/v1/events")) send("text/event-stream", STREAM);
    else if (request.url?.startsWith("/v1/hives/actions")) send("application/x-ndjson", LINES);
    else json({ position: "s-3" })(request, response);
  });

test("a signal that lasts keeps nothing of the calls that have ended, however many", async () => {
  await using queen = await startQueen();
  const { signal } = new AbortController();
  const call = async () => {
    await queen.client.countHives({ signal });
    await all(queen.client.actOnHives({ action: "detect", ids: ["a"] }, {}, { signal }));
    await all(keptEvents(queen.client, { signal }, { signal }));
    for await (const _ of queen.client.readEvents({ signal })) break;
  };
  for (let calls = 0; calls < 10; calls++) await call();
  expect(heldBy(signal)).toBe(0);
});

test("calls that run at one time share one listener at their signal", async () => {
  const waiting: (() => void)[] = [];
  await using queen = await startClient((...asked) => void waiting.push(() => json({})(...asked)));
  const { signal } = new AbortController();
  const calls = Array.from({ length: 20 }, () => queen.client.countHives({ signal }));
  expect(getEventListeners(signal, "abort").length).toBe(1);
  await expect.poll(() => waiting.length).toBe(20);
  for (const answer of waiting) answer();
  await Promise.all(calls);
  expect(heldBy(signal)).toBe(0);
});

test("a signal ends the calls that still run when another one of them has ended", async () => {
  await using queen = await startClient((request, response) => {
    if (request.url === "/v1/counts") json({})(request, response);
  });
  const stop = new AbortController();
  const { signal } = stop;
  const reason = new Error("enough");
  const lasting = queen.client.getHive("a", { signal });
  await queen.client.countHives({ signal });
  stop.abort(reason);
  await expect(lasting).rejects.toBe(reason);
});

test("an answer that comes in pieces ends in the middle with the signal, and its connection with it", async () => {
  const closed: Promise<void>[] = [];
  await using queen = await startClient((_, response) => {
    closed.push(new Promise((resolve) => void response.once("close", resolve)));
    response.writeHead(200, { "content-type": "application/x-ndjson" }).write('{"type":"hive"}\n');
  });
  const stop = new AbortController();
  const reason = new Error("enough");
  const lines = queen.client.actOnHives({ action: "detect", ids: ["a"] }, {}, { signal: stop.signal });
  await lines.next();
  const next = lines.next();
  stop.abort(reason);
  await expect(next).rejects.toBe(reason);
  await Promise.all(closed);
});
