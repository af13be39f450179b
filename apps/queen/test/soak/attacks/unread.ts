import { setTimeout as delay } from "node:timers/promises";
import { EventReader } from "../../event-reader.ts";
import { type Attack, pick } from "./attack.ts";
import { ask, holdOn, rawRequest, sendUnread, wrongIn } from "./client.ts";

const HOLD_MS = 15_000;
const READERS_OF_TOKEN = 10;

/** Without a token, the longest file there is, again and again on one connection, and never read. */
export const unreadFiles: Attack = async (context) => {
  const { random } = context;
  const request = rawRequest("GET", "/docs/swagger-ui-bundle.js", ["Host: localhost"]);
  const text = request.repeat(1 + random.integer(100));
  const sockets = Array.from({ length: 1 + random.integer(8) }, () => sendUnread(context, text));
  await holdOn(sockets, random.between(1000, HOLD_MS));
  return [];
};

/** Long lists, sent for ahead and never read, or read on many connections. */
export const longLists: Attack = async (context) => {
  const { random, victims } = context;
  const token = pick(random, victims.readers);
  const path = "/v1/hives?limit=1000";
  if (random.next() < 0.5) {
    const request = rawRequest("GET", path, ["Host: localhost", `Authorization: Bearer ${token}`]);
    const text = request.repeat(1 + random.integer(500));
    const sockets = Array.from({ length: 1 + random.integer(20) }, () => sendUnread(context, text));
    await holdOn(sockets, random.between(1000, HOLD_MS));
    return [];
  }
  const connections = Array.from({ length: 1 + random.integer(200) }, () =>
    ask(context, { path, token, isHeadEnough: random.next() < 0.8 }),
  );
  return wrongIn("a long list", await Promise.all(connections), [200, 429]);
};

/** One reader's token opens as many streams of events as it gets; an operator still gets one. */
export const manyStreams: Attack = async (context) => {
  const { random, victims } = context;
  const origin = `http://127.0.0.1:${victims.lockedPort}`;
  const connect = (token: string) => new EventReader().connect(origin, { authorization: `Bearer ${token}` });
  const reader = pick(random, victims.readers);
  const streams = await Promise.all(Array.from({ length: 1 + random.integer(100) }, () => connect(reader)));
  const operators = await connect(pick(random, victims.operators));
  await delay(random.between(0, HOLD_MS));
  await Promise.all([...streams, operators].map((stream) => stream.disconnect()));
  const open = streams.filter(({ status }) => status === 200).length;
  const others = new Set(streams.map(({ status }) => status));
  for (const right of [200, 429, 503]) others.delete(right);
  return [
    ...(open > READERS_OF_TOKEN ? [`one token got ${open} streams of events`] : []),
    ...(others.size > 0 ? [`a stream of events was answered ${[...others].join(", ")}`] : []),
    ...(operators.status === 200 ? [] : [`an operator's stream of events was answered ${operators.status}`]),
  ];
};
