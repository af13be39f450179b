import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { problemsBySchema } from "../../../test/contract.ts";
import { EventReader } from "../../../test/event-reader.ts";
import { addHive, beat, startTestQueen, type TestQueen } from "../../../test/test-queen.ts";
import { until } from "../../../test/until.ts";

async function listen(queen: TestQueen): Promise<string> {
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  return `http://127.0.0.1:${(queen.app.server.address() as AddressInfo).port}`;
}

const cordon = (queen: TestQueen, id: string) =>
  queen.request("POST", `/v1/hives/${id}/cordon`, { reason: "a new fan" });

/** Each as "status hive-a". */
const told = ({ events }: EventReader) => events.map(({ type, data }) => `${type} ${data.hive_id}`);

test.each([
  ["?kind=nonsense", "kind: must be one of status, cordon,"],
  ["?kind=status,", "kind.1: must be one of"],
  ["?kind=status&kind=odd", "kind.1: must be one of"],
  ["?hive=", "hive: must be the id of a hive"],
  ["?hive=a%00b", "hive: must be the id of a hive"],
  [`?hive=${Array.from({ length: 101 }, (_, n) => `hive-${n}`)}`, "hive: must be at most 100 of them"],
  ["?hive=hive-a,nobody", 'hive: is not in the catalog, got "nobody"'],
  ["?since=5", "since: is not a known query parameter; those are: after, hive, kind"],
  ["?hive=hive-a,nobody&after=START-0", 'hive: is not in the catalog, got "nobody"'],
  ["?hive=hive-a,nobody&after=otherstart-5", 'hive: is not in the catalog, got "nobody"'],
  ["?after=", "after: must be the id of an event, or the `position` of a list"],
  ["?after=garbage", "after: must be the id of an event, or the `position` of a list"],
  ["?after=a-1&after=a-2", "after: must be given once"],
])("refuses %s", async (query, detail) => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  const { status, body } = await queen.request("GET", `/v1/events${query.replace("START", queen.events.start)}`);
  expect({ status, body }).toMatchObject({
    status: 400,
    body: { code: "INVALID_ARGUMENT", detail: expect.stringContaining(detail) },
  });
});

test("a reader with a filter is told what it asks for: of these hives, and of these kinds", async () => {
  await using queen = await startTestQueen();
  const origin = await listen(queen);
  for (const id of ["hive-a", "hive-b", "hive-c"]) await addHive(queen, 8600, { id });
  await using ofHives = await new EventReader().connect(origin, {}, "?hive=hive-a&hive=hive-b");
  await using ofKinds = await new EventReader().connect(origin, {}, "?kind=cordon,hive_removed");
  await using ofBoth = await new EventReader().connect(origin, {}, "?hive=hive-a,hive-b&kind=cordon");
  await until("all are greeted", () => [ofHives, ofKinds, ofBoth].every(({ events }) => events.length === 1));
  queen.events.publish("liveness", { kind: "stalled", why: "a test", missing: null, online: null });
  for (const id of ["hive-a", "hive-b", "hive-c"]) await cordon(queen, id);
  await queen.request("PATCH", "/v1/hives/hive-b", { port: 8601 });
  await queen.request("DELETE", "/v1/hives/hive-c");
  await cordon(queen, "hive-b");
  const [ofA, ofB] = ["cordon hive-a", "cordon hive-b"] as const;
  const isToldLast = (reader: EventReader) => told(reader).lastIndexOf(ofB) > told(reader).indexOf(ofB);
  await until("all are told of the last one", () => [ofHives, ofKinds, ofBoth].every(isToldLast));
  expect(told(ofHives).slice(1)).toEqual([ofA, ofB, "hive_changed hive-b", ofB]);
  expect(told(ofKinds).slice(1)).toEqual([ofA, ofB, "cordon hive-c", "hive_removed hive-c", ofB]);
  expect(told(ofBoth).slice(1)).toEqual([ofA, ofB, ofB]);
});

test("steps are told to whoever names them, without a row, and to nobody else", async () => {
  await using queen = await startTestQueen();
  const origin = await listen(queen);
  await addHive(queen, 8600);
  await using ofSteps = await new EventReader().connect(origin, {}, "?kind=operation_step,cordon");
  await using ofHive = await new EventReader().connect(origin, {}, "?hive=hive-a");
  await using ofAll = await new EventReader().connect(origin);
  const readers = [ofSteps, ofHive, ofAll];
  await until("all are greeted", () => readers.every(({ events }) => events.length === 1));
  queen.events.publish("operation_step", { id: "stop-1", hive_id: "hive-a", kind: "stop", step: "connect" });
  await cordon(queen, "hive-a");
  await until("all are told", () => readers.every((reader) => told(reader).at(-1) === "cordon hive-a"));
  expect(readers.map(({ events }) => events.length)).toEqual([3, 2, 2]);
  const step = ofSteps.events[1]?.data;
  expect(step).toEqual({ at_ms: queen.clock.now(), id: "stop-1", hive_id: "hive-a", kind: "stop", step: "connect" });
  expect(problemsBySchema(step, "components", "schemas", "OperationStepEvent")).toBe("");
});

test("a reader goes on after the id in the query, and after that in its header when it has both", async () => {
  await using queen = await startTestQueen();
  const origin = await listen(queen);
  for (const id of ["a", "b", "c"]) await addHive(queen, 8600, { id });
  const afterFirst = `?after=${queen.events.idOf(1)}`;
  await using byQuery = await new EventReader().connect(origin, {}, afterFirst);
  await until("it is told the rest", () => byQuery.events.length === 2);
  expect(told(byQuery)).toEqual(["hive_added b", "hive_added c"]);

  await using byHeader = new EventReader();
  byHeader.lastEventId = queen.events.idOf(2);
  await byHeader.connect(origin, {}, afterFirst);
  await until("it is told the rest", () => byHeader.events.length === 1);
  expect(told(byHeader)).toEqual(["hive_added c"]);

  await using strange = new EventReader();
  strange.lastEventId = "nonsense";
  await strange.connect(origin);
  await until("it is told all", () => strange.events.length === 4);
  expect(strange.events[0]).toMatchObject({ type: "gap", data: { why: "unknown_id", last_seen_id: "nonsense" } });
});

test("whoever comes back is told that the hive which it follows was removed", async () => {
  await using queen = await startTestQueen();
  const origin = await listen(queen);
  await addHive(queen, 8600);
  await using reader = await new EventReader().connect(origin, {}, "?hive=hive-a");
  await until("it is greeted", () => reader.events.length === 1);
  await reader.disconnect();
  await queen.request("DELETE", "/v1/hives/hive-a");
  await reader.connect(origin, {}, "?hive=hive-a");
  await until("it is told", () => reader.events.length === 2);
  expect(reader.events[1]).toMatchObject({ type: "hive_removed", data: { hive_id: "hive-a", row: null } });
});

test("whoever knows that a hive was removed comes back to the others, also after a restart of the queen", async () => {
  await using queen = await startTestQueen();
  const origin = await listen(queen);
  for (const id of ["hive-a", "hive-b"]) await addHive(queen, 8600, { id });
  await queen.request("DELETE", "/v1/hives/hive-a");
  const query = "?hive=hive-a,hive-b";
  await using reader = await new EventReader().connect(origin, {}, `${query}&after=${queen.events.position}`);
  await cordon(queen, "hive-b");
  await until("it is told", () => reader.events.length === 1);
  expect(told(reader)).toEqual(["cordon hive-b"]);
  await using restarted = await new EventReader().connect(origin, {}, `${query}&after=otherstart-5`);
  await until("it is told", () => restarted.events.length > 0);
  expect(restarted.events[0]).toMatchObject({ type: "gap", data: { why: "queen_restarted" } });
});

test("an event of a hive carries its row as it is then", async () => {
  await using queen = await startTestQueen();
  const origin = await listen(queen);
  await using reader = await new EventReader().connect(origin);
  await addHive(queen, 8600, { labels: { env: "prod" } });
  await beat(queen);
  await cordon(queen, "hive-a");
  queen.events.publish("liveness", { kind: "stalled", why: "a test", missing: null, online: null });
  await until("all is told", () => reader.events.at(-1)?.type === "liveness");
  const names = new Map([
    ["hive_added", "HiveAddedEvent"],
    ["workers", "WorkersEvent"],
    ["status", "StatusEvent"],
    ["cordon", "CordonEvent"],
  ]);
  const ofHive = reader.events.filter(({ type }) => names.has(type));
  expect(new Set(ofHive.map(({ type }) => type))).toEqual(new Set(names.keys()));
  for (const { type, data } of ofHive) {
    expect(problemsBySchema(data, "components", "schemas", names.get(type) ?? "")).toBe("");
    expect(data.row).toMatchObject({ hive: { id: "hive-a", labels: { env: "prod" } } });
  }
  expect(ofHive.at(-1)?.data.row).toMatchObject({
    status: { value: "online", rule: "beats_arrive" },
    cordon: { reason: "a new fan" },
    workers: { idle: 1, busy: 0 },
    why_not: "it is cordoned: a new fan",
  });
  expect(reader.events.at(-1)?.data).not.toHaveProperty("row");
});
