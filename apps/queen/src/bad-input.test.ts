import { afterAll, beforeAll, expect, test } from "vitest";
import { expectRefusal, JSON_TYPE } from "../test/refusal.ts";
import { HIVE_JSON, startTestQueen, type TestQueen } from "../test/test-queen.ts";
import { ROUTES } from "./http/routes.ts";

/** With one hive. What is refused here changes nothing: one queen does for all. */
let queen: TestQueen;
beforeAll(async () => {
  queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
});
afterAll(() => queen[Symbol.asyncDispose]());

test.each([
  "POST /v1/hives",
  "POST /v1/heartbeat",
  "PUT /v1/hives/hive-a",
  "PATCH /v1/hives/hive-a",
  "PUT /v1/hives/hive-a/devices",
])("%s refuses what is not JSON, is empty, is too large or has another type", async (target) => {
  const [method, url] = target.split(" ") as ["POST", string];
  for (const payload of ["{", "{'id':1}", '{"id":"a",}', "\u0000", "undefined"]) {
    const expected = { status: 400, code: "INVALID_JSON", fields: ["body"] };
    await expectRefusal(queen, { method, url, headers: JSON_TYPE, payload }, expected);
  }
  await expectRefusal(queen, { method, url, headers: JSON_TYPE }, { status: 400, code: "INVALID_JSON" });
  await expectRefusal(queen, { method, url }, { status: 400, code: "INVALID_JSON" });
  const large = JSON.stringify({ ...HIVE_JSON, id: "x".repeat(2 * 1_048_576) });
  await expectRefusal(
    queen,
    { method, url, headers: JSON_TYPE, payload: large },
    { status: 413, code: "PAYLOAD_TOO_LARGE" },
  );
  for (const type of ["text/plain", "application/xml", "application/x-www-form-urlencoded", "nonsense", ";"]) {
    const request = { method, url, headers: { "content-type": type }, payload: JSON.stringify(HIVE_JSON) };
    await expectRefusal(queen, request, { status: 415, code: "UNSUPPORTED_MEDIA_TYPE" });
  }
  for (const type of ["application/json; charset=iso-8859-1", 'application/json;x=y; Charset = "utf-16"']) {
    const request = { method, url, headers: { "content-type": type }, payload: JSON.stringify(HIVE_JSON) };
    await expectRefusal(queen, request, { status: 415, code: "UNSUPPORTED_MEDIA_TYPE" });
  }
  const untyped = { method, url, headers: { "content-length": "2" }, payload: Buffer.from("{}") };
  await expectRefusal(queen, untyped, { status: 415, code: "UNSUPPORTED_MEDIA_TYPE" });
});

test.each(["utf-8", "UTF8", '"utf-8"'])("takes JSON that says its charset is %s", async (charset) => {
  await using queen = await startTestQueen();
  const headers = { "content-type": `application/json; charset=${charset}` };
  const payload = JSON.stringify(HIVE_JSON);
  expect(await queen.send({ method: "POST", url: "/v1/hives", headers, payload })).toMatchObject({ status: 201 });
});

test.each([
  ["port", '{"port":8600.5}', "port", /^must be an integer from 1 to 65535, got 8600\.5$/],
  ["host", '{"host":"http://sshPort"}', "host", /^must be a host name.*, got "http:\/\/sshPort"$/],
  ["a long host", JSON.stringify({ host: "x y".repeat(999) }), "host", /, got "(?:x y)+x?…$/],
  ["another id", '{"id":7}', "id", /^must be absent or "hive-a", the id in the path, got 7$/],
  ["a list", "[1]", "body", /^must be a JSON object, got \[1\]$/],
  [
    "a part of the devices",
    '{"devices":{"cpu":null}}',
    "devices.gpus",
    /^is required: devices is replaced as a whole; null clears it$/,
  ],
])("says what arrived: %s", async (_what, payload, field, message) => {
  const { status, body } = await queen.send({ method: "PATCH", url: "/v1/hives/hive-a", headers: JSON_TYPE, payload });
  expect({ status, body }).toMatchObject({
    status: 400,
    body: { errors: [{ field, message: expect.stringMatching(message) }] },
  });
  const [, got = ""] = (body as { detail: string }).detail.split(", got ");
  expect(got.length).toBeLessThanOrEqual(80);
});

test("takes a merge patch for PATCH alone", async () => {
  const request = {
    url: "/v1/hives",
    headers: { "content-type": "application/merge-patch+json" },
    payload: JSON.stringify(HIVE_JSON),
  };
  await expectRefusal(queen, { method: "POST", ...request }, { status: 415, code: "UNSUPPORTED_MEDIA_TYPE" });
});

test("is not poisoned by prototype keys", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  const poison = '{"id":"hive-b","host":"h","port":1,"__proto__":{"port":2},"constructor":{"prototype":{"x":1}}}';
  const request = { headers: JSON_TYPE, payload: poison };
  const refused = { status: 400, code: "INVALID_HIVE" };
  await expectRefusal(
    queen,
    { method: "POST", url: "/v1/hives", ...request },
    { ...refused, fields: ["__proto__", "constructor"] },
  );
  await expectRefusal(
    queen,
    { method: "PUT", url: "/v1/hives/hive-a", ...request, payload: poison.replace("hive-b", "hive-a") },
    refused,
  );
  await expectRefusal(
    queen,
    { method: "PATCH", url: "/v1/hives/hive-a", ...request, payload: '{"__proto__":{"port":2}}' },
    refused,
  );
  const beat = '{"hive_id":"hive-a","timestamp":"2025-10-21T10:00:00Z","workers":[],"__proto__":{"workers":[1]}}';
  expect(await queen.send({ method: "POST", url: "/v1/heartbeat", headers: JSON_TYPE, payload: beat })).toMatchObject({
    status: 200,
  });
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test.each([
  ["/v1/workers?colour=red", "colour"],
  ["/v1/workers?state=Dancing", "state"],
  ["/v1/workers?model=a&model=b", "model"],
  ["/v1/counts?x=1", "x"],
  ["/v1/workers/best", "model"],
  ["/v1/workers/best?model=", "model"],
  ["/v1/workers/best?model=a&backend=", "backend"],
  ["/v1/workers?model=", "model"],
  ["/v1/workers?backend=", "backend"],
  ["/v1/workers/best?model=a&state=Idle", "state"],
])("GET %s is refused", async (url, field) => {
  await expectRefusal(queen, { method: "GET", url }, { status: 400, code: "INVALID_ARGUMENT", fields: [field] });
});

test.each(
  ROUTES.filter(({ query, access }) => query === undefined && access !== "always").map(
    ({ method, path }) => [method, path] as const,
  ),
)("says that no query parameter is known where none is: %s %s", async (verb, path) => {
  const method = verb.toUpperCase() as "GET";
  const { statusCode, payload } = await queen.app.inject({ method, url: `${path.replace(/:[a-z]+/, "a")}?for=2h` });
  expect(JSON.parse(payload)).toMatchObject({
    code: "INVALID_ARGUMENT",
    errors: [{ field: "for", message: "is not a known query parameter; there are none here" }],
  });
  expect(statusCode).toBe(400);
});

test("lets whoever probes her add what it likes", async () => {
  for (const path of ["/health", "/health/live", "/health/ready"]) {
    expect(await queen.request("GET", `${path}?at=1761040800`)).toMatchObject({ status: 200 });
  }
});

test("says that a query parameter was repeated", async () => {
  expect(await queen.request("GET", "/v1/hives?limit=5&limit=6")).toMatchObject({
    status: 400,
    body: {
      detail: 'limit: must be given once, got ["5","6"]',
      errors: [{ field: "limit", message: 'must be given once, got ["5","6"]' }],
    },
  });
});

test.each(["/v1/hives", "/v1/counts"])(
  "a repeated parameter of %s may be called as what every object has",
  async (path) => {
    for (const field of ["constructor", "__proto__"]) {
      const message = expect.stringMatching(/^is not a known query parameter; /);
      expect(await queen.request("GET", `${path}?${field}=1&${field}=2`)).toMatchObject({
        status: 400,
        body: { code: "INVALID_ARGUMENT", errors: [{ field, message }] },
      });
    }
  },
);
