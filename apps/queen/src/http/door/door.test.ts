import { mintToken } from "@repo/hive-catalog";
import { expect, onTestFinished, test, vi } from "vitest";
import { beatJson, HIVE_JSON, startTestQueen, type TestQueen } from "../../../test/test-queen.ts";
import { addToken } from "../../../test/tokens.ts";
import { until } from "../../../test/until.ts";
import { DEFAULT_LIMITS } from "../../config/settings.ts";

const list = (queen: TestQueen, headers: Record<string, string> = {}) =>
  queen.send({ method: "GET", url: "/v1/hives", headers });

async function startLockedQueen(options: Parameters<typeof startTestQueen>[0] = {}) {
  const queen = await startTestQueen(options);
  const { id, token, authorization } = await addToken(queen.catalog, "operator");
  return { queen, id, token, authorization, [Symbol.asyncDispose]: () => queen[Symbol.asyncDispose]() };
}

test("is open on loopback until there is a token, and open again for nobody", async () => {
  await using queen = await startTestQueen();
  expect((await list(queen)).status).toBe(200);
  const { id, authorization } = await addToken(queen.catalog, "reader");
  await queen.door.known.refresh();
  expect((await list(queen)).status).toBe(401);
  expect((await list(queen, { authorization })).status).toBe(200);
  await queen.catalog.tokens.revoke(id);
  await queen.door.known.refresh();
  expect((await list(queen, { authorization })).status).toBe(401);
  expect((await list(queen)).status).toBe(401);
  await using later = await startTestQueen({ catalog: queen.catalog });
  expect((await list(later)).status).toBe(401);
});

test("says that there are tokens now when some were added, and that there are some when it starts with them", async () => {
  const said = ({ logLines }: TestQueen) =>
    logLines.map(({ msg }) => msg).filter((msg) => msg.includes("every request"));
  await using queen = await startTestQueen();
  await list(queen);
  await addToken(queen.catalog, "operator");
  await queen.door.known.refresh();
  expect(said(queen)).toEqual(["there are tokens now: from here on every request needs one"]);
  await using later = await startTestQueen({ catalog: queen.catalog });
  await list(later);
  expect(said(later)).toEqual(["there are tokens: every request needs one"]);
});

test("stays open while there are hives' tokens alone", async () => {
  await using queen = await startTestQueen();
  await queen.catalog.addHive(HIVE_JSON);
  const { authorization } = await addToken(queen.catalog, "hive", HIVE_JSON.id);
  expect((await list(queen)).status).toBe(200);
  expect((await list(queen, { authorization })).status).toBe(200);
  await using elsewhere = await startTestQueen({ catalog: queen.catalog, host: "0.0.0.0" });
  expect((await list(elsewhere)).status).toBe(401);
});

test.each(["0.0.0.0", "::", "10.0.0.1", "queen.example.com"])("is never open on %s", async (host) => {
  await using queen = await startTestQueen({ host });
  expect((await list(queen)).status).toBe(401);
});

test.each(["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "localhost"])("is open on %s", async (host) => {
  await using queen = await startTestQueen({ host });
  expect((await list(queen)).status).toBe(200);
});

test("learns by itself of a token that another process adds or revokes", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  await using queen = await startTestQueen();
  queen.start();
  expect((await list(queen)).status).toBe(200);
  const { id, authorization } = await addToken(queen.catalog, "operator");
  vi.advanceTimersByTime(2000);
  await until("the door closes", async () => (await list(queen)).status === 401);
  expect((await list(queen, { authorization })).status).toBe(200);
  await queen.catalog.tokens.revoke(id);
  vi.advanceTimersByTime(2000);
  await until("the token is refused", async () => (await list(queen, { authorization })).status === 401);
});

test("takes a new token at once, without waiting for the next reading", async () => {
  await using locked = await startLockedQueen();
  const { queen } = locked;
  expect((await list(queen)).status).toBe(401);
  const { authorization } = await addToken(queen.catalog, "reader");
  expect((await list(queen, { authorization })).status).toBe(200);
});

test("reads a token from the catalog once, not for each request", async () => {
  await using locked = await startLockedQueen();
  const { queen } = locked;
  await queen.catalog.addHive(HIVE_JSON);
  const { authorization } = await addToken(queen.catalog, "hive", HIVE_JSON.id);
  const reads = [vi.spyOn(queen.catalog.tokens, "get"), vi.spyOn(queen.catalog.tokens, "list")];
  for (let n = 0; n < 20; n++) {
    const payload = beatJson(HIVE_JSON.id);
    const { status } = await queen.send({ method: "POST", url: "/v1/heartbeat", headers: { authorization }, payload });
    expect(status).toBe(200);
  }
  expect(reads.map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
});

test("a hive that is removed loses its token", async () => {
  await using locked = await startLockedQueen();
  const { queen } = locked;
  await queen.catalog.addHive(HIVE_JSON);
  const { authorization } = await addToken(queen.catalog, "hive", HIVE_JSON.id);
  const beat = () =>
    queen.send({ method: "POST", url: "/v1/heartbeat", headers: { authorization }, payload: beatJson(HIVE_JSON.id) });
  expect((await beat()).status).toBe(200);
  await queen.request("DELETE", `/v1/hives/${HIVE_JSON.id}`);
  await queen.catalog.removeHive(HIVE_JSON.id);
  await queen.door.known.refresh();
  expect((await beat()).status).toBe(401);
});

test("says what is missing, and how to get it", async () => {
  await using locked = await startLockedQueen();
  const { queen } = locked;
  expect(await list(queen)).toMatchObject({
    status: 401,
    headers: { "www-authenticate": 'Bearer realm="queen"', "content-type": expect.stringContaining("problem+json") },
    body: { code: "UNAUTHENTICATED", detail: expect.stringContaining("pnpm queen token create") },
  });
});

test.each([
  ["of nobody", (token: string) => `Bearer ${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`],
  ["that is cut short", (token: string) => `Bearer ${token.slice(0, -1)}`],
  ["that goes on", (token: string) => `Bearer ${token}A`],
  ["without its scheme", (token: string) => token],
  ["with another scheme", (token: string) => `Basic ${token}`],
  ["twice", (token: string) => `Bearer ${token}, Bearer ${token}`],
  ["that is an id alone", (token: string) => `Bearer ${token.slice(0, 20)}`],
  ["that is empty", () => "Bearer "],
])("a token %s is none, and is in no answer and no log", async (_what, spoil) => {
  await using locked = await startLockedQueen();
  const { queen, token } = locked;
  const found = await list(queen, { authorization: spoil(token) });
  expect(found).toMatchObject({
    status: 401,
    headers: { "www-authenticate": 'Bearer realm="queen", error="invalid_token"' },
    body: { code: "UNAUTHENTICATED" },
  });
  expect(JSON.stringify([found, queen.logLines])).not.toContain(token.slice(20, -1));
});

test("says of what is no token by its form how one is shown, and not that it was revoked", async () => {
  await using locked = await startLockedQueen();
  const { queen, token } = locked;
  const said = async (authorization: string) => (await list(queen, { authorization })).body;
  const form = /^What was shown has not the form of a token: .*`Authorization: Bearer hq_…`/;
  for (const shown of [token, `Basic ${token}`, "Bearer", `Bearer ${token.slice(0, -1)}`]) {
    expect(await said(shown), shown).toMatchObject({ detail: expect.stringMatching(form) });
  }
  const other = `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`;
  expect(await said(`Bearer ${other}`)).toMatchObject({
    detail: "This token is not one of this queen's, or it was revoked",
  });
});

test.each(["Bearer", "bearer", "BEARER", "Bearer  "])("takes the scheme as %j", async (scheme) => {
  await using locked = await startLockedQueen();
  const { queen, token } = locked;
  expect((await list(queen, { authorization: `${scheme} ${token}` })).status).toBe(200);
});

test("says which token lacks what, without its secret", async () => {
  await using locked = await startLockedQueen();
  const { queen } = locked;
  const { id, token, authorization } = await addToken(queen.catalog, "reader");
  const found = await queen.send({ method: "POST", url: "/v1/hives", headers: { authorization }, payload: HIVE_JSON });
  expect(found).toMatchObject({
    status: 403,
    body: {
      code: "FORBIDDEN",
      detail: `This needs the token of one of: operator; the token ${id} is that of the role reader`,
    },
  });
  expect(JSON.stringify([found, queen.logLines])).not.toContain(token.slice(20));
});

test("a hive's token beats for that hive alone, and says so", async () => {
  await using locked = await startLockedQueen();
  const { queen } = locked;
  for (const id of ["hive-a", "hive-b"]) await queen.catalog.addHive({ ...HIVE_JSON, id });
  const { authorization } = await addToken(queen.catalog, "hive", "hive-a");
  const payload = beatJson("hive-b");
  expect(await queen.send({ method: "POST", url: "/v1/heartbeat", headers: { authorization }, payload })).toMatchObject(
    {
      status: 403,
      body: { code: "FORBIDDEN", detail: 'This token beats for the hive "hive-a" alone, not for "hive-b"' },
    },
  );
  expect((await queen.catalog.getHive("hive-b"))?.lastHeartbeatMs).toBeNull();
});

test("a whole fleet that calls a queen which has just started waits for one reading of the tokens", async () => {
  await using locked = await startLockedQueen();
  const { queen, authorization } = locked;
  const lists = vi.spyOn(queen.catalog.tokens, "list");
  const answers = await Promise.all(Array.from({ length: 200 }, () => list(queen, { authorization })));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(lists).toHaveBeenCalledTimes(1);
});

test("does not read the tokens again while none has changed", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  await using locked = await startLockedQueen();
  const { queen, authorization } = locked;
  expect((await list(queen, { authorization })).status).toBe(200);
  const [lists, versions] = [vi.spyOn(queen.catalog.tokens, "list"), vi.spyOn(queen.catalog.tokens, "version")];
  queen.door.known.start();
  vi.advanceTimersByTime(2000);
  await until("it looks", () => versions.mock.settledResults.some(({ type }) => type === "fulfilled"));
  expect(lists).not.toHaveBeenCalled();
});

test("keeps each token to its share, and says when to come again", async () => {
  await using locked = await startLockedQueen({ limits: { ...DEFAULT_LIMITS, tokenRequestsPerSecond: 3 } });
  const { queen, authorization } = locked;
  const other = await addToken(queen.catalog, "reader");
  const statuses = async (of: { authorization: string }) => (await list(queen, of)).status;
  expect([await statuses(locked), await statuses(locked), await statuses(locked)]).toEqual([200, 200, 200]);
  expect(await list(queen, { authorization })).toMatchObject({
    status: 429,
    headers: { "retry-after": "1" },
    body: { code: "TOO_MANY_REQUESTS", detail: expect.stringContaining(locked.id) },
  });
  expect(await statuses(other)).toBe(200);
  queen.clock.advance(500);
  expect([await statuses(locked), await statuses(locked)]).toEqual([200, 429]);
  const told = { level: 30, code: "TOO_MANY_REQUESTS", remote: "127.0.0.1" };
  expect(queen.logLines).toContainEqual(expect.objectContaining(told));
});

test("keeps each address to its share of requests without a token, and no token with them", async () => {
  await using locked = await startLockedQueen({ limits: { ...DEFAULT_LIMITS, addressRequestsPerSecond: 3 } });
  const { queen, authorization } = locked;
  const from = async (remoteAddress: string, url = "/v1/hives") =>
    (await queen.app.inject({ method: "GET", url, remoteAddress })).statusCode;
  expect([
    await from("10.0.0.1"),
    await from("10.0.0.1", "/docs/start.js"),
    await from("::ffff:10.0.0.1", "/x"),
  ]).toEqual([401, 200, 404]);
  for (const url of ["/v1/hives", "/docs/start.js", "/x"]) expect(await from("10.0.0.1", url), url).toBe(429);
  expect(await from("10.0.0.2")).toBe(401);
  const withToken = { method: "GET", url: "/v1/hives", remoteAddress: "10.0.0.1", headers: { authorization } } as const;
  expect((await queen.send(withToken)).status).toBe(200);
  expect([await from("2001:db8::1"), await from("2001:db8::2"), await from("2001:db8:0:0:f::3")]).toEqual([
    401, 401, 401,
  ]);
  expect([await from("2001:db8::4"), await from("2001:db8:0:1::1")]).toEqual([429, 401]);
});

test("counts tokens that somebody has made up as none: the catalog looks for a few of them", async () => {
  await using locked = await startLockedQueen({ limits: { ...DEFAULT_LIMITS, addressRequestsPerSecond: 3 } });
  const { queen } = locked;
  const reads = vi.spyOn(queen.catalog.tokens, "get");
  const statuses: number[] = [];
  for (let n = 0; n < 6; n++) {
    statuses.push((await list(queen, { authorization: `Bearer ${mintToken().token}` })).status);
  }
  expect(statuses).toEqual([401, 401, 401, 429, 429, 429]);
  expect(reads).toHaveBeenCalledTimes(3);
});

test("answers whoever asks how the queen is, however often somebody at that address does", async () => {
  const limits = { ...DEFAULT_LIMITS, addressRequestsPerSecond: 1 };
  await using locked = await startLockedQueen({ limits });
  const { queen } = locked;
  for (let n = 0; n < 10; n++) await queen.request("GET", "/v1/hives");
  for (const url of ["/health", "/health/live", "/health/ready"]) {
    for (let n = 0; n < 5; n++) expect((await queen.request("GET", url)).status, url).toBe(200);
  }
});

test("has no limit by address while it is open, unless one is set", async () => {
  await using queen = await startTestQueen();
  for (let n = 0; n < 300; n++) expect((await list(queen)).status).toBe(200);
  await using limited = await startTestQueen({ limits: { ...DEFAULT_LIMITS, addressRequestsPerSecond: 3 } });
  for (let n = 0; n < 3; n++) expect((await list(limited)).status).toBe(200);
  expect((await list(limited)).status).toBe(429);
});

test("answers 503 while the tokens cannot be read", async () => {
  await using queen = await startTestQueen();
  await queen.catalog.close();
  expect(await list(queen)).toMatchObject({ status: 503, body: { code: "CATALOG_CLOSED" } });
});
