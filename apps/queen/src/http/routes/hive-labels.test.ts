import { expect, test } from "vitest";
import { published } from "../../../test/published.ts";
import { beatJson, HIVE_JSON, startTestQueen, type TestQueen } from "../../../test/test-queen.ts";
import { addToken } from "../../../test/tokens.ts";

const PATH = `/v1/hives/${HIVE_JSON.id}`;
const LABELS = { env: "prod", "example.com/team": "ml", spare: "" };

const labelsOf = async (queen: TestQueen, path = PATH) =>
  ((await queen.request("GET", path)).body as { labels: unknown }).labels;

test("adds a hive with labels, and answers them wherever it answers the hive", async () => {
  await using queen = await startTestQueen();
  const added = await queen.request("POST", "/v1/hives", { ...HIVE_JSON, labels: LABELS });
  expect(added).toMatchObject({ status: 201, body: { labels: LABELS } });
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id: "hive-b" });
  expect(await labelsOf(queen)).toEqual(LABELS);
  expect(await labelsOf(queen, "/v1/hives/hive-b")).toEqual({});
  const { body } = await queen.request("GET", "/v1/hives");
  expect((body as { hives: { labels: unknown }[] }).hives.map(({ labels }) => labels)).toEqual([LABELS, {}]);
});

test("merges labels with PATCH key by key, and null removes", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, labels: LABELS });
  const patched = await queen.request("PATCH", PATH, { port: 9000, labels: { env: "dev", spare: null, rack: "r1" } });
  const left = { env: "dev", "example.com/team": "ml", rack: "r1" };
  expect(patched).toMatchObject({ status: 200, body: { port: 9000 } });
  expect((patched.body as { labels: unknown }).labels).toEqual(left);
  await queen.request("PATCH", PATH, { port: 9001 });
  expect(await labelsOf(queen)).toEqual(left);
});

test("replaces labels with PUT, which takes away those that it does not name", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, labels: LABELS });
  await queen.request("PUT", PATH, { host: "127.0.0.1", port: 1, labels: { rack: "r1" } });
  expect(await labelsOf(queen)).toEqual({ rack: "r1" });
  const { body } = await queen.request("GET", PATH);
  expect(await queen.request("PUT", PATH, body)).toMatchObject({ status: 200, body: { labels: { rack: "r1" } } });
  const replaced = await queen.request("PUT", PATH, { host: "127.0.0.1", port: 1 });
  expect((replaced.body as { labels: unknown }).labels).toEqual({});
  expect(await labelsOf(queen)).toEqual({});
});

test.each([
  [{ sshPort: "no blank" }, "labels.sshPort", /must be a value: nothing, or 1 to 63 letters.*got "no blank"/],
  [{ "-a": "b" }, "labels.-a", /must have for its name a key: 1 to 63 letters/],
  [{ "hive/x": "b" }, "labels.hive/x", /must not begin with hive\/, which is reserved/],
  [JSON.parse('{"__proto__":"x"}'), "labels.__proto__", /must have for its name a key.*got "__proto__"/],
  [{ env: 5 }, "labels.env", /must be a value.*got 5/],
  [["env"], "labels", /must be an object from keys to values, got \["env"\]/],
  [Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`k${n}`, ""])), "labels", /at most 64 labels, but are 65/],
])("refuses the labels %j, and names field, rule and what arrived", async (labels, field, message) => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  for (const [method, url, body] of [
    ["POST", "/v1/hives", { ...HIVE_JSON, id: "hive-b", labels }],
    ["PUT", PATH, { host: "127.0.0.1", port: 1, labels }],
    ["PATCH", PATH, { labels }],
  ] as const) {
    const answer = await queen.request(method, url, body);
    const errors = [{ field, message: expect.stringMatching(message) }];
    expect(answer, method).toMatchObject({ status: 400, body: { code: "INVALID_HIVE", errors } });
  }
  expect(await labelsOf(queen)).toEqual({});
});

test("merges no more labels than a hive may have", async () => {
  await using queen = await startTestQueen();
  const labels = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`k${n}`, ""]));
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, labels });
  const refused = await queen.request("PATCH", PATH, { labels: { another: "" } });
  expect(refused).toMatchObject({ status: 400, body: { code: "INVALID_HIVE", errors: [{ field: "labels" }] } });
  expect(await queen.request("PATCH", PATH, { labels: { another: "", k0: null } })).toMatchObject({ status: 200 });
});

test("lets no hive set labels, its own neither: its token beats and does nothing else", async () => {
  await using queen = await startTestQueen({ host: "0.0.0.0" });
  await queen.catalog.addHive(HIVE_JSON);
  const { authorization } = await addToken(queen.catalog, "hive", HIVE_JSON.id);
  const headers = { authorization };
  const beat = await queen.send({ method: "POST", url: "/v1/heartbeat", headers, payload: beatJson(HIVE_JSON.id) });
  expect(beat).toMatchObject({ status: 200 });
  const labels = { env: "prod" };
  for (const [method, body] of [
    ["PATCH", { labels }],
    ["PUT", { host: "127.0.0.1", port: 1, labels }],
  ] as const) {
    expect(await queen.send({ method, url: PATH, headers, payload: body })).toMatchObject({ status: 403 });
  }
  const withLabels = { ...beatJson(HIVE_JSON.id), labels };
  await queen.send({ method: "POST", url: "/v1/heartbeat", headers, payload: withLabels });
  expect(await queen.catalog.labels.get(HIVE_JSON.id)).toEqual({});
});

test("tells in an event no more labels than find room there", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  const labels = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`k${n}`, "v".repeat(60)]));
  await queen.request("PATCH", PATH, { labels });
  expect(published(queen, "hive_changed")).toEqual([
    ["hive_changed", { at_ms: queen.clock.now(), hive_id: HIVE_JSON.id, changed: "labels" }],
  ]);
});
