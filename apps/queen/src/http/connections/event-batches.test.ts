import { expect, test } from "vitest";
import { EventLog, eventFilter } from "../../telling/events.ts";
import { EventBatches, type RowsOf } from "./event-batches.ts";

const EVERYTHING = eventFilter([], []);

/** Batches of a log of its own, and which rows were read for them. */
function newBatches(rowOf: (id: string) => string | undefined = (id) => `{"id":"${id}"}`) {
  const events = new EventLog(() => 0);
  const reads: (readonly string[])[] = [];
  const rowsOf: RowsOf = async (ids) => {
    reads.push(ids);
    return rowOf;
  };
  return { events, reads, batches: new EventBatches({ events, rowsOf }) };
}

const publish = (events: EventLog, ...ids: string[]) => {
  for (const hive_id of ids) events.publish("hive_removed", { hive_id });
};

const linesOf = (text: Buffer) => text.toString().split("\n").filter(Boolean);

test("the rows of a batch are read at once, each for all events of its hive", async () => {
  const { events, reads, batches } = newBatches();
  publish(events, "a", "b", "a");
  events.publish("liveness", { kind: "stalled", why: "a test", missing: null, online: null });
  const { text, upTo } = await batches.after(0, EVERYTHING);
  expect(reads).toEqual([["a", "b"]]);
  expect(upTo).toBe(4);
  expect(linesOf(text)).toEqual([
    `id: ${events.idOf(1)}`,
    "event: hive_removed",
    'data: {"at_ms":0,"hive_id":"a","row":{"id":"a"}}',
    `id: ${events.idOf(2)}`,
    "event: hive_removed",
    'data: {"at_ms":0,"hive_id":"b","row":{"id":"b"}}',
    `id: ${events.idOf(3)}`,
    "event: hive_removed",
    'data: {"at_ms":0,"hive_id":"a","row":{"id":"a"}}',
    `id: ${events.idOf(4)}`,
    "event: liveness",
    'data: {"at_ms":0,"kind":"stalled","why":"a test","missing":null,"online":null}',
  ]);
});

test("readers who are at one place and want the same share one batch", async () => {
  const { events, reads, batches } = newBatches();
  publish(events, "a", "b");
  const ofA = () => batches.after(0, eventFilter(["a"], []));
  const [first, second] = await Promise.all([batches.after(0, EVERYTHING), batches.after(0, EVERYTHING)]);
  expect(second.text).toBe(first.text);
  expect((await ofA()).text).toBe((await ofA()).text);
  expect(reads).toEqual([["a", "b"], ["a"]]);
});

test("keeps no more batches than readers can be near each other", async () => {
  const { events, reads, batches } = newBatches();
  publish(events, ...Array.from({ length: 100 }, (_, n) => `hive-${n}`));
  for (let n = 0; n < 100; n++) await batches.after(n, EVERYTHING);
  const before = reads.length;
  await batches.after(99, EVERYTHING);
  expect(reads.length).toBe(before);
  await batches.after(0, EVERYTHING);
  expect(reads.length).toBe(before + 1);
});

test("a row that cannot be read is left out, and the event is told", async () => {
  const { events, batches } = newBatches(() => undefined);
  publish(events, "a");
  expect(linesOf((await batches.after(0, EVERYTHING)).text)[2]).toBe('data: {"at_ms":0,"hive_id":"a"}');
  const failing = new EventBatches({ events, rowsOf: () => Promise.reject(new Error("the catalog is away")) });
  expect(linesOf((await failing.after(0, EVERYTHING)).text)[2]).toBe('data: {"at_ms":0,"hive_id":"a"}');
});

test("long rows make short batches, and those that find no room are written in none", async () => {
  const written: string[] = [];
  const { events, batches } = newBatches((id) => {
    written.push(id);
    return JSON.stringify("x".repeat(30_000));
  });
  publish(events, ...Array.from({ length: 10 }, (_, n) => `hive-${n}`));
  const { text, upTo } = await batches.after(0, EVERYTHING);
  expect(upTo).toBe(3);
  expect(text.length).toBeLessThan(100_000);
  expect(written).toEqual(["hive-0", "hive-1", "hive-2"]);
  expect((await batches.after(upTo, EVERYTHING)).upTo).toBe(6);
});
