import { expect, test } from "vitest";
import { EventReader } from "../../../test/event-reader.ts";
import { startStream } from "../../../test/start-stream.ts";
import { until } from "../../../test/until.ts";
import { type EventLog, eventFilter } from "../../telling/events.ts";

const publish = (events: EventLog, hive_id: string, count = 1) => {
  for (let n = 0; n < count; n++) events.publish("hive_removed", { hive_id });
};

/** A reader of what happens to the hive "wanted", greeted, where few events are kept. */
async function startReader() {
  const filter = eventFilter(["wanted"], []);
  const { events, origin } = await startStream({ capacity: 10, keepAliveMs: 20, filter });
  const reader = await new EventReader().connect(origin);
  await until("it is greeted", () => reader.events.length === 1);
  return { events, origin, reader };
}

test("a reader with a filter that is cut off resumes by its bookmark, without a gap", async () => {
  const { events, origin, reader } = await startReader();
  await using _ = reader;
  for (let round = 0; round < 10; round++) {
    publish(events, "other", 9);
    await until("it has a bookmark after those", () => reader.lastEventId === events.position);
  }
  await reader.disconnect();
  publish(events, "other", 5);
  publish(events, "wanted");
  publish(events, "other", 3);
  await reader.connect(origin);
  await until("it is told", () => reader.events.length === 2);
  expect(reader.events[1]).toMatchObject({ id: events.idOf(96), type: "hive_removed", data: { hive_id: "wanted" } });
});

test("the same reader is told of a gap where it was away for longer than events are kept", async () => {
  const { events, origin, reader } = await startReader();
  await using _ = reader;
  await reader.disconnect();
  publish(events, "other", 50);
  await reader.connect(origin);
  await until("it is told", () => reader.events.length === 2);
  expect(reader.events[1]).toMatchObject({ type: "gap", data: { why: "buffer_overflowed" } });
});

test("a reader that comes back is told by a bookmark that this was all, whatever of it was wanted", async () => {
  const { events, origin } = await startStream({ filter: eventFilter(["wanted"], []) });
  publish(events, "wanted");
  publish(events, "other", 5);
  await using reader = new EventReader();
  reader.lastEventId = events.idOf(0);
  await reader.connect(origin);
  await until("it has the bookmark", () => reader.lastEventId === events.position);
  expect(reader.events.map(({ id }) => id)).toEqual([events.idOf(1)]);
  expect(reader.bookmarks).toBe(1);
});

test("a bookmark never runs ahead of what the reader was sent", async () => {
  const filter = eventFilter(["wanted"], []);
  const turns: (() => void)[] = [];
  const turn = () => new Promise<void>((resolve) => turns.push(resolve));
  const { events, origin } = await startStream({ keepAliveMs: 20, filter, turn });
  await using reader = await new EventReader().connect(origin);
  await until("it is greeted", () => reader.events.length === 1);
  publish(events, "wanted", 2);
  await until("it is in the line", () => turns.length === 1);
  const { bookmarks } = reader;
  await until("it has two more bookmarks", () => reader.bookmarks > bookmarks + 1);
  expect(reader.lastEventId).toBe(events.idOf(0));
  turns[0]?.();
  await until("it is told", () => reader.events.length === 3);
});
