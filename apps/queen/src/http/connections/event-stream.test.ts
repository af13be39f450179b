import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { problemsBySchema } from "../../../test/contract.ts";
import { EventReader } from "../../../test/event-reader.ts";
import { startStream } from "../../../test/start-stream.ts";
import { addHive, beat, HIVE_JSON, startTestQueen, type TestQueen } from "../../../test/test-queen.ts";
import { addToken } from "../../../test/tokens.ts";
import { until } from "../../../test/until.ts";
import type { CutReason, Metrics } from "../../telling/metrics.ts";

async function listen(queen: TestQueen, port = 0): Promise<string> {
  await queen.app.listen({ host: "127.0.0.1", port });
  return `http://127.0.0.1:${(queen.app.server.address() as AddressInfo).port}`;
}

/** How many readers were cut off for that reason. */
async function cutOff({ eventReadersCut }: Metrics, why: CutReason): Promise<number | undefined> {
  return (await eventReadersCut.get()).values.find(({ labels }) => labels.why === why)?.value;
}

const numberOf = ({ id }: { id: string }) => Number(id.split("-")[1]);
const patchStatus = (queen: TestQueen, status: string) =>
  queen.request("PATCH", `/v1/hives/${HIVE_JSON.id}`, { status });

test("a new reader is greeted, and told what happens from then on", async () => {
  await using queen = await startTestQueen();
  const origin = await listen(queen);
  await addHive(queen, 8600);
  await using reader = await new EventReader().connect(origin);
  await until("it is greeted", () => reader.events.length === 1);
  await beat(queen);
  await queen.request("DELETE", `/v1/hives/${HIVE_JSON.id}`);
  await until("it has seen all", () => reader.events.at(-1)?.type === "hive_removed");
  // Where the hive is gone already, its workers are told of no more.
  const events = reader.events.filter(({ type }) => type !== "workers");
  expect(events.map(({ id, type }) => [id, type])).toEqual([
    [queen.events.idOf(1), "hello"],
    [queen.events.idOf(3), "status"],
    [queen.events.idOf(4), "hive_removed"],
  ]);
  for (const { type, data } of reader.events) {
    const name = {
      hello: "HelloEvent",
      status: "StatusEvent",
      hive_removed: "HiveRemovedEvent",
      workers: "WorkersEvent",
    };
    expect(problemsBySchema(data, "components", "schemas", name[type as keyof typeof name])).toBe("");
  }
});

test("a reader that reconnects 100 times under change sees each event once and in order", async () => {
  await using queen = await startTestQueen();
  const origin = await listen(queen);
  await addHive(queen, 8600);
  let changing = true;
  const change = async () => {
    for (let n = 0; changing; n++) await patchStatus(queen, n % 2 === 0 ? "online" : "offline");
  };
  const changes = change();
  await using reader = new EventReader();
  for (let round = 0; round < 100; round++) {
    const seen = reader.events.length;
    await reader.connect(origin);
    // Some are cut off before they have seen anything new, some after a few events.
    if (round % 3 > 0) await until("something new is seen", () => reader.events.length > seen + (round % 5));
  }
  changing = false;
  await changes;
  await reader.connect(origin);
  await until("everything is seen", () =>
    reader.events.some(({ id }) => id === queen.events.idOf(queen.events.newest)),
  );

  const [hello, ...events] = reader.events;
  expect(hello?.type).toBe("hello");
  const first = numberOf({ id: hello?.id ?? "" }) + 1;
  expect(events.length).toBeGreaterThan(100);
  expect(events.map(numberOf)).toEqual(events.map((_, index) => first + index));
  const chain = events.map(({ data }) => `${data.was} → ${data.status}`);
  expect(new Set(chain.slice(1))).toEqual(new Set(["online → offline", "offline → online"]));
});

test("a reader that comes back after a restart of the queen is told of the gap, then what the new start has to tell", async () => {
  await using reader = new EventReader();
  const before = await startTestQueen();
  const origin = await listen(before);
  await reader.connect(origin);
  await until("it is greeted", () => reader.events.length === 1);
  await before[Symbol.asyncDispose]();
  await reader.closed;

  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  await listen(queen, Number(new URL(origin).port));
  await reader.connect(origin);
  await until("the new event is seen", () => reader.events.length === 3);
  const [hello, gap, added] = reader.events;
  expect(gap).toEqual({
    id: queen.events.idOf(0),
    type: "gap",
    data: { why: "queen_restarted", last_seen_id: hello?.id, resumed_after_id: queen.events.idOf(0) },
  });
  expect(problemsBySchema(gap?.data, "components", "schemas", "GapEvent")).toBe("");
  expect(added).toMatchObject({ id: queen.events.idOf(1), type: "hive_added" });
});

test("a reader that was away for longer than events are kept is told of the gap", async () => {
  const { events, origin } = await startStream({ capacity: 10 });
  await using reader = new EventReader();
  reader.lastEventId = events.idOf(1);
  for (let n = 0; n < 20; n++) events.publish("hive_removed", { hive_id: "b" });
  await reader.connect(origin);
  await until("it has caught up", () => reader.events.length === 11);
  expect(reader.events[0]).toMatchObject({
    type: "gap",
    data: { why: "buffer_overflowed", last_seen_id: events.idOf(1) },
  });
  expect(reader.events.map(numberOf)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
});

test.each(["nonsense", "a-1", "-1", "\u{e9}", "9".repeat(1000)])(
  "an id that was never given, %s, is a gap",
  async (id) => {
    const { origin } = await startStream();
    await using reader = new EventReader();
    reader.lastEventId = id;
    await reader.connect(origin);
    await until("it is told", () => reader.events.length === 1);
    expect(reader.events[0]).toMatchObject({ type: "gap" });
  },
);

test("a reader that does not read is cut off once it falls out of what is kept; another one misses nothing", async () => {
  const { events, metrics, origin } = await startStream({ capacity: 1000 });
  await using slow = await new EventReader().connect(origin);
  await using quick = await new EventReader().connect(origin);
  await until("both are connected", () => metrics.eventReaders.read() === 2);
  slow.stall();
  const large = "x".repeat(10_000);
  await until("the slow one is cut off", async () => {
    for (let n = 0; n < 100; n++) events.publish("hive_removed", { hive_id: large });
    await until("the quick one has read that", () => quick.lastEventId === events.idOf(events.newest));
    return metrics.eventReaders.read() === 1;
  });
  expect(await cutOff(metrics, "fell_behind")).toBe(1);
  expect(quick.events.map(numberOf)).toEqual(quick.events.map((_, index) => index));
});

test("a reader that takes nothing for ten keep-alives is cut off, one that reads is kept", async () => {
  const { events, metrics, origin } = await startStream({ keepAliveMs: 50 });
  await using slow = await new EventReader().connect(origin);
  slow.stall();
  const large = "x".repeat(10_000);
  for (let n = 0; n < 2000; n++) events.publish("hive_removed", { hive_id: large });
  // It comes when all that is published already, so that it always keeps up.
  await using quick = await new EventReader().connect(origin);
  await until("the slow one is cut off", async () => (await cutOff(metrics, "stalled")) === 1);
  const { bookmarks } = quick;
  await until("the other one is still kept alive", () => quick.bookmarks > bookmarks + 1);
  expect(metrics.eventReaders.read()).toBe(1);
});

test("a reader whose token is revoked is told nothing more", async () => {
  await using queen = await startTestQueen();
  const origin = await listen(queen);
  const { id, authorization } = await addToken(queen.catalog, "reader");
  await using reader = await new EventReader().connect(origin, { authorization });
  await until("it is greeted", () => reader.events.length === 1);
  await queen.catalog.tokens.revoke(id);
  await queen.door.known.refresh();
  queen.events.publish("hive_removed", { hive_id: "a" });
  await reader.closed;
  expect(reader.events.length).toBe(1);
  expect(await cutOff(queen.metrics, "revoked")).toBe(1);
});

test("a reader that came in before there were tokens is told nothing more once there are", async () => {
  await using queen = await startTestQueen();
  await using reader = await new EventReader().connect(await listen(queen));
  await until("it is greeted", () => reader.events.length === 1);
  await addToken(queen.catalog, "operator");
  await queen.door.known.refresh();
  queen.events.publish("hive_removed", { hive_id: "a" });
  await reader.closed;
  expect(reader.events.length).toBe(1);
});

test("takes 100 readers and no more, and lets the next one in when one has left", async () => {
  await using queen = await startTestQueen();
  const origin = await listen(queen);
  const readers = await Promise.all(Array.from({ length: 100 }, () => new EventReader().connect(origin)));
  const { status, body } = await queen.request("GET", "/v1/events");
  expect({ status, body }).toMatchObject({ status: 503, body: { code: "TOO_MANY_READERS" } });
  await readers.pop()?.disconnect();
  await until("the next one is let in", async () => {
    await using next = await new EventReader().connect(origin);
    return next.status === 200;
  });
  await Promise.all(readers.map((reader) => reader.disconnect()));
});

test("readers that are turned away are counted, and fill no log", async () => {
  await using queen = await startTestQueen();
  const origin = await listen(queen);
  const { authorization } = await addToken(queen.catalog, "reader");
  const connect = () => new EventReader().connect(origin, { authorization });
  const readers = await Promise.all(Array.from({ length: 30 }, connect));
  expect(readers.filter(({ status }) => status === 503)).toHaveLength(20);
  expect(queen.logLines.filter(({ level }) => Number(level) >= 40)).toEqual([]);
  const { authorization: other } = await addToken(queen.catalog, "reader");
  const page = await (await fetch(`${origin}/metrics`, { headers: { authorization: other } })).text();
  expect(page).toMatch(/^queen_\w+\{code="TOO_MANY_READERS"\} 20$/m);
  await Promise.all(readers.map((reader) => reader.disconnect()));
});

test("takes 10 readers with one token, and keeps 20 places of all for operators", async () => {
  await using queen = await startTestQueen();
  const origin = await listen(queen);
  const readersWith = (authorization: string, count: number) =>
    Promise.all(Array.from({ length: count }, () => new EventReader().connect(origin, { authorization })));
  const operator = await addToken(queen.catalog, "operator");
  const tokens = await Promise.all(Array.from({ length: 8 }, () => addToken(queen.catalog, "reader")));
  const open: EventReader[] = [];
  const statuses = async (authorization: string, count: number) => {
    const readers = await readersWith(authorization, count);
    open.push(...readers);
    return readers.map(({ status }) => status);
  };
  expect(await statuses(tokens[0]?.authorization ?? "", 10)).toEqual(Array(10).fill(200));
  expect(await statuses(tokens[0]?.authorization ?? "", 1)).toEqual([503]);
  for (const { authorization } of tokens.slice(1)) expect((await statuses(authorization, 10)).at(-1)).toBe(200);
  const another = await addToken(queen.catalog, "reader");
  expect(await statuses(another.authorization, 1)).toEqual([503]);
  expect(await statuses(operator.authorization, 10)).toEqual(Array(10).fill(200));
  await Promise.all(open.map((reader) => reader.disconnect()));
});

test("a queen that stops ends her readers, also those that do not read", async () => {
  await using queen = await startTestQueen();
  const origin = await listen(queen);
  await using quick = await new EventReader().connect(origin);
  await using slow = await new EventReader().connect(origin);
  slow.stall();
  const large = "x".repeat(10_000);
  for (let n = 0; n < 2000; n++) queen.events.publish("hive_removed", { hive_id: large });
  await until("the other one has read it all", () => quick.lastEventId === queen.events.idOf(2000));
  await queen.stop();
  await quick.closed;
});
