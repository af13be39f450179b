import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import type { EventQuery } from "./client.ts";
import { keptEvents } from "./kept-events.ts";
import { json, startClient } from "./testing.ts";

const EVENT = "id: s-1\nevent: hive_removed\ndata: {}\n\n";

/** The ids of what is read of a queen who is at `s-3`, and whose stream begins with `sent` and has no end. */
async function idsOf(sent: string, query: EventQuery = {}, onEvent?: () => void) {
  await using server = await startClient((request, response) => {
    if (request.url?.startsWith("/v1/events")) beginStream(response, sent);
    else json({ position: "s-3" })(request, response);
  });
  const ids: string[] = [];
  for await (const { id } of keptEvents(server.client, query)) {
    ids.push(id);
    onEvent?.();
  }
  return { ids, asked: server.requests.length };
}

const beginStream = (response: ServerResponse, sent: string) =>
  void response.writeHead(200, { "content-type": "text/event-stream" }).write(sent);

test("the events that are kept end where the queen is now, also where the last one was not asked for", async () => {
  expect(await idsOf(`${EVENT}id: s-3\n\n`)).toEqual({ ids: ["s-1"], asked: 2 });
});

test("… with the signal that is given", async () => {
  const end = new AbortController();
  expect(await idsOf(EVENT, { signal: end.signal }, () => end.abort())).toEqual({ ids: ["s-1"], asked: 2 });
});

test("… with another start of the queen, whose numbers are others", async () => {
  expect(await idsOf(`${EVENT}id: t-1\n\n`)).toEqual({ ids: ["s-1"], asked: 2 });
});

test("… at once after the last one", async () => {
  expect(await idsOf("", { after: "s-3" })).toEqual({ ids: [], asked: 1 });
});
