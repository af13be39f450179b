import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { EventStream } from "../src/http/connections/event-stream.ts";
import { wholeTurn } from "../src/process/turn.ts";
import { type EventFilter, EventLog, eventFilter } from "../src/telling/events.ts";
import { Metrics } from "../src/telling/metrics.ts";

interface Options {
  capacity?: number;
  keepAliveMs?: number;
  turn?: () => Promise<void>;
  /** Of all its readers. */
  filter?: EventFilter;
}

/** An event stream of a log of its own, for what a whole queen would take too long to show. Every row is null. */
export async function startStream(options: Options = {}) {
  const { capacity = 10_000, keepAliveMs = 60_000, turn = wholeTurn, filter = eventFilter([], []) } = options;
  const metrics = new Metrics();
  const events = new EventLog(() => 0, { capacity });
  const rowsOf = async () => () => "null";
  const stream = new EventStream({ events, metrics, log: pino({ level: "silent" }), turn, rowsOf, keepAliveMs });
  const server = createServer((request, response) => {
    const lastEventId = request.headers["last-event-id"]?.toString();
    const caller = { tokenId: null, isAdmitted: () => true, onSent: () => undefined };
    stream.serve(request, response, { ...caller, filter, lastEventId });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    stream.close();
    server.close();
    server.closeAllConnections();
  });
  return { events, metrics, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
