import { expect, test } from "vitest";
import { deadPort, startHive } from "../../../test/hive-server.ts";
import { published } from "../../../test/published.ts";
import { addHive, beat, beatJson, pass, startTestQueen, type TestQueen, workerJson } from "../../../test/test-queen.ts";
import type { EventType } from "../../telling/event-data.ts";

const MODEL = "llama-3-8b";
const best = async (queen: TestQueen) => {
  const { body } = await queen.request("GET", `/v1/workers/best?model=${MODEL}`);
  return (body as { hive_id?: string }).hive_id;
};
const explain = async (queen: TestQueen, id = "hive-a") =>
  (await queen.request("GET", `/v1/hives/${id}/liveness`)).body as Record<string, unknown>;
/** What the queen has told whoever reads her events. */
const told = (queen: TestQueen, type: EventType) => published(queen, type).map(([, data]) => data);

test("a cordoned hive is never the best worker's, is watched as ever, and is back when the cordon is lifted", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, await deadPort());
  await addHive(queen, await deadPort(), { id: "hive-b" });
  await beat(queen);
  await queen.request("POST", "/v1/heartbeat", beatJson("hive-b", [workerJson({ gpu_percent: 90 })]));
  expect(await best(queen)).toBe("hive-a");

  const cordon = { reason: "new power supply", until_ms: null, created_at_ms: queen.clock.now() };
  expect(await queen.request("POST", "/v1/hives/hive-a/cordon", { reason: "new power supply" })).toMatchObject({
    status: 200,
    body: { hive_id: "hive-a", ...cordon },
  });
  expect(await best(queen)).toBe("hive-b");
  expect(await explain(queen)).toMatchObject({ status: "online", takes_work: false, cordon });
  expect((await queen.request("GET", "/v1/hives/hive-a/state")).body).toMatchObject({
    takes_work: false,
    cordon: { reason: "new power supply", until_ms: null },
  });
  await queen.request("POST", "/v1/hives/hive-b/cordon", { reason: "both" });
  expect(await best(queen)).toBeUndefined();

  await beat(queen);
  await pass(queen, 60_000);
  expect(queen.changes()).toContain("hive-a: online → offline");

  await beat(queen);
  expect(await queen.request("POST", "/v1/hives/hive-a/uncordon")).toMatchObject({
    status: 200,
    body: { lifted: true },
  });
  expect(await queen.request("POST", "/v1/hives/hive-a/uncordon")).toMatchObject({
    status: 200,
    body: { lifted: false },
  });
  expect(await best(queen)).toBe("hive-a");
  expect(told(queen, "cordon").map(({ hive_id, cordoned, reason }) => [hive_id, cordoned, reason])).toEqual([
    ["hive-a", true, "new power supply"],
    ["hive-b", true, "both"],
    ["hive-a", false, null],
  ]);
});

test("a cordon ends at its end, survives a restart, and counts whichever queen set it", async () => {
  await using queen = await startTestQueen();
  const { clock, catalog } = queen;
  await addHive(queen, await deadPort());
  await catalog.cordons.set("hive-a", { reason: "from before the start", untilMs: clock.now() + 10_000 });
  await beat(queen);
  expect(await best(queen)).toBeUndefined();
  clock.advance(10_000);
  expect(await best(queen)).toBe("hive-a");

  await catalog.cordons.set("hive-a", { reason: "by another queen" });
  await queen.watch.runRound();
  expect(await best(queen)).toBeUndefined();
  await catalog.cordons.lift("hive-a");
  await queen.watch.runRound();
  expect(await best(queen)).toBe("hive-a");
  expect(told(queen, "cordon").map(({ cordoned, reason }) => [cordoned, reason])).toEqual([
    [true, "by another queen"],
    [false, null],
  ]);

  await queen.request("POST", "/v1/hives/hive-a/cordon", { reason: "removed with the hive" });
  await queen.request("DELETE", "/v1/hives/hive-a");
  await addHive(queen, await deadPort());
  await beat(queen);
  expect(await best(queen)).toBe("hive-a");
});

test.each([
  ["for", "90s", 90_000],
  ["for", "15m", 900_000],
  ["for", "2h", 7_200_000],
  ["for", "7d", 604_800_000],
  ["until", "2025-10-21T12:00:00Z", 7_200_000],
  ["until", "2025-10-21T14:00+02:00", 7_200_000],
  ["until_ms", 1_761_048_000_000, 7_200_000],
])("a cordon may end %s %s", async (field, value, durationMs) => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  const cordoned = await queen.request("POST", "/v1/hives/hive-a/cordon", { reason: "new fans", [field]: value });
  expect(cordoned).toMatchObject({ status: 200, body: { until_ms: queen.clock.now() + durationMs } });
});

test("what is wrong with the end or the reason of a cordon is said with its rule", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  const refused = async (given: object) =>
    (await queen.request("POST", "/v1/hives/hive-a/cordon", { reason: "new fans", ...given })).body;
  expect(await refused({ for: "2 hours" })).toMatchObject({
    detail: 'for: must be a duration such as 90s, 15m, 1h30m, 7d or PT2H, got "2 hours"',
  });
  expect(await refused({ reason: "tab\there" })).toMatchObject({
    detail: expect.stringContaining("1 to 500 characters on one line, without tabs and other control characters, got"),
  });
  expect(await refused({ until: "tomorrow" })).toMatchObject({
    detail: 'until: must be an ISO 8601 time with its zone, such as 2025-10-21T10:00:00Z, got "tomorrow"',
  });
  expect(await refused({ until: "2025-10-21T09:59Z" })).toMatchObject({
    detail: 'until: must be later than now, which is 2025-10-21T10:00:00.000Z, got "2025-10-21T09:59:00.000Z"',
  });
});

test.each([
  ["no body", undefined, "INVALID_JSON", "body"],
  ["no reason", {}, "INVALID_ARGUMENT", "reason"],
  ["an empty reason", { reason: "" }, "INVALID_ARGUMENT", "reason"],
  ["a reason of several lines", { reason: "a\nb" }, "INVALID_ARGUMENT", "reason"],
  ["an end that is no time", { reason: "r", until_ms: "tomorrow" }, "INVALID_ARGUMENT", "until_ms"],
  ["an end that is over", { reason: "r", until_ms: 1000 }, "INVALID_ARGUMENT", "until_ms"],
  ["an end by the calendar that is none", { reason: "r", until: 1 }, "INVALID_ARGUMENT", "until"],
  ["an end on the 30th of February", { reason: "r", until: "2125-02-30T10:00Z" }, "INVALID_ARGUMENT", "until"],
  ["an end by the calendar that is over", { reason: "r", until: "2025-10-21T09:59Z" }, "INVALID_ARGUMENT", "until"],
  ["a duration that is none", { reason: "r", for: "2 hours" }, "INVALID_ARGUMENT", "for"],
  ["two ends", { reason: "r", until: "2125-10-21T09:59Z", for: "2h" }, "INVALID_ARGUMENT", "for"],
  ["a field of another name", { reason: "r", till: 1 }, "INVALID_ARGUMENT", "till"],
])("a cordon with %s is refused, naming the field", async (_what, body, code, field) => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  expect(await queen.request("POST", "/v1/hives/hive-a/cordon", body)).toMatchObject({
    status: 400,
    body: { code, errors: [{ field }] },
  });
  expect(await queen.catalog.cordons.list()).toEqual([]);
});

test("there is no liveness, cordon or end of one for a hive that nobody added", async () => {
  await using queen = await startTestQueen();
  for (const [method, path, body] of [
    ["GET", "liveness", undefined],
    ["POST", "cordon", { reason: "r" }],
    ["POST", "uncordon", undefined],
  ] as const) {
    const answer = await queen.request(method, `/v1/hives/nobody/${path}`, body);
    expect(answer, path).toMatchObject({ status: 404, body: { code: "HIVE_NOT_FOUND" } });
  }
});

test("explains a hive that beats with a closed port: online, unreachable since when, and the last probes", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, await deadPort());
  await beat(queen);
  const onlineAtMs = queen.clock.now();
  for (let beats = 0; beats < 6; beats += 1) {
    await pass(queen, 15_000);
    if (beats % 2 === 0) await queen.watch.runRound();
    await beat(queen);
  }
  queen.clock.advance(2000);
  const body = await explain(queen);
  expect(body).toMatchObject({
    hive_id: "hive-a",
    status: "online",
    rule: "beats_arrive",
    takes_work: true,
    beat_age_ms: 2000,
    counted_silence_ms: 2000,
    stale_after_ms: 60_000,
    unreachable_since_ms: onlineAtMs + 15_000,
    changes: [{ at_ms: onlineAtMs, was: "unknown", status: "online", rule: "beats_arrive" }],
    probation: null,
    cordon: null,
    queen: { state: "watching", online: 1, missing: 0 },
  });
  expect(body.probes).toHaveLength(3);
  expect(body.probes).toMatchObject([{}, {}, { outcome: "failed", problem: expect.stringContaining("ECONNREFUSED") }]);
});

test("explains a hive that is lost by the rule that decided, and one that is on probation by its history", async () => {
  await using queen = await startTestQueen({ flapChanges: 2, probationMs: 600_000 });
  const hive = await startHive();
  await addHive(queen, await deadPort());
  for (let outages = 0; outages < 2; outages += 1) {
    await beat(queen);
    await pass(queen, 90_000);
  }
  expect(await explain(queen)).toMatchObject({
    status: "offline",
    rule: "silent",
    why: "no heartbeat came for 60.0 s and its last health checks failed",
    takes_work: false,
  });
  await queen.request("PATCH", "/v1/hives/hive-a", { port: hive.port });
  await beat(queen);
  const body = await explain(queen);
  expect(body).toMatchObject({
    status: "online",
    takes_work: false,
    probation: { until_ms: queen.clock.now() + 600_000, back_off_ms: 600_000 },
  });
  expect(body.changes).toHaveLength(5);
  expect(await best(queen)).toBeUndefined();
  for (let beats = 0; beats < 41; beats += 1) {
    await pass(queen, 15_000);
    await beat(queen);
  }
  expect(await best(queen)).toBe("hive-a");
});

test("a mass failure is said in health, log, metrics, events and the liveness of each hive, and ends when it is confirmed", async () => {
  await using queen = await startTestQueen();
  const port = await deadPort();
  // One goes on beating, so that the network is not lost.
  for (const id of ["a", "b", "c", "alive"]) await addHive(queen, port, { id });
  for (const id of ["a", "b", "c", "alive"]) await beat(queen, id);
  const health = async () => (await queen.request("GET", "/health")).body as { liveness: Record<string, unknown> };
  expect((await health()).liveness).toMatchObject({ state: "grace", missing: 0 });
  const nothing = await queen.request("POST", "/v1/liveness/confirm");
  expect(nothing).toMatchObject({ status: 409, body: { code: "NOTHING_HELD_BACK" } });
  for (let beats = 0; beats < 8; beats += 1) {
    await pass(queen, 15_000);
    await queen.watch.runRound();
    await beat(queen, "alive");
  }
  expect((await health()).liveness).toMatchObject({ state: "mass_failure", missing: 3, online: 4 });
  expect(await explain(queen, "a")).toMatchObject({ status: "online", rule: "mass_failure" });
  const metric = async (name: string) => {
    const { payload } = await queen.app.inject({ method: "GET", url: "/metrics" });
    return new RegExp(`^${name} (.*)$`, "m").exec(payload)?.[1];
  };
  expect([await metric("queen_offline_marks_held"), await metric("queen_missing_hives")]).toEqual(["1", "3"]);
  expect(queen.changes().filter((change) => change.includes("offline"))).toEqual([]);

  expect(await queen.request("POST", "/v1/liveness/confirm")).toMatchObject({
    status: 200,
    body: { missing: 3, online: 4 },
  });
  await queen.watch.sweep();
  expect(queen.changes().filter((change) => change.includes("offline"))).toHaveLength(3);
  expect((await health()).liveness).toMatchObject({ state: "watching" });
  expect(await metric("queen_offline_marks_held")).toBe("0");
  expect(told(queen, "liveness").map(({ kind }) => kind)).toEqual(["mass_failure", "resumed"]);
  const warnings = queen.logLines.filter(({ level }) => level === 40).map(({ msg }) => msg);
  expect(warnings).toContainEqual(expect.stringMatching(/^3 of 4 online hives went missing at once/));
});

test("two machines that beat under one id are said once in the log, and in the liveness of the hive and the metrics", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, await deadPort());
  const beatFrom = async (remoteAddress: string) => {
    const payload = beatJson("hive-a", [workerJson()]);
    await queen.send({ method: "POST", url: "/v1/heartbeat", payload, remoteAddress });
    queen.clock.advance(7000);
  };
  await beatFrom("10.0.0.1");
  expect(await explain(queen)).toMatchObject({ two_senders: null });
  const addresses = ["10.0.0.2", "10.0.0.1"];
  for (let round = 0; round < 5; round += 1) for (const from of addresses) await beatFrom(from);
  expect(await explain(queen)).toMatchObject({
    two_senders: { addresses, since_ms: queen.clock.now() - 9 * 7000 },
  });
  const lines = queen.logLines.filter(({ msg }) => msg.startsWith("two machines beat"));
  expect(lines).toEqual([expect.objectContaining({ hive_id: "hive-a", addresses })]);
  const { payload } = await queen.app.inject("/metrics");
  expect(payload).toContain("\nqueen_hives_with_two_senders 1\n");
  queen.clock.advance(60_000);
  expect(await explain(queen)).toMatchObject({ two_senders: null });
});
