import { setTimeout as delay } from "node:timers/promises";
import { EventReader } from "../../event-reader.ts";
import { type Attack, anyOf, pick } from "./attack.ts";
import { ask, holdOn, rawRequest, sendUnread, TOO_SLOW, wrongIn } from "./client.ts";

const HOLD_MS = 15_000;
const LONG_LIST = "/v1/hives?limit=1000";
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

const unreadLists: Attack = async (context) => {
  const { random, victims } = context;
  const authorization = `Authorization: Bearer ${pick(random, victims.readers)}`;
  const text = rawRequest("GET", LONG_LIST, ["Host: localhost", authorization]).repeat(1 + random.integer(500));
  const sockets = Array.from({ length: 1 + random.integer(20) }, () => sendUnread(context, text));
  await holdOn(sockets, random.between(1000, HOLD_MS));
  return [];
};

const readLists: Attack = async (context) => {
  const { random, victims } = context;
  const token = pick(random, victims.readers);
  const list = () => ask(context, { path: LONG_LIST, token, isHeadEnough: random.next() < 0.8 });
  const answers = await Promise.all(Array.from({ length: 1 + random.integer(200) }, list));
  return wrongIn("a long list", answers, [200, 429]);
};

/** Long lists, asked for ahead and never read, or on many connections. */
export const longLists = anyOf(unreadLists, readLists);

/** One reader's token opens as many streams of events as it gets; an operator still gets one. */
export const manyStreams: Attack = async (context) => {
  const { random, victims } = context;
  const origin = `http://127.0.0.1:${victims.lockedPort}`;
  const connect = (token: string) => new EventReader().connect(origin, { authorization: `Bearer ${token}` });
  const reader = pick(random, victims.readers);
  const streams = await Promise.all(Array.from({ length: 1 + random.integer(100) }, () => connect(reader)));
  const bystander = await connect(victims.bystander);
  await delay(random.between(0, HOLD_MS));
  await Promise.all([...streams, bystander].map((stream) => stream.disconnect()));
  const open = streams.filter(({ status }) => status === 200).length;
  const others = new Set(streams.map(({ status }) => status));
  for (const right of [200, TOO_SLOW, 429, 503]) others.delete(right);
  return [
    ...(open > READERS_OF_TOKEN ? [`one token got ${open} streams of events`] : []),
    ...(others.size > 0 ? [`a stream of events was answered ${[...others].join(", ")}`] : []),
    ...(bystander.status === 200 || bystander.status === TOO_SLOW
      ? []
      : [`an operator's stream of events was answered ${bystander.status}`]),
  ];
};
