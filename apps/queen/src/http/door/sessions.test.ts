import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { secretHash } from "@repo/hive-catalog";
import { expect, onTestFinished, test, vi } from "vitest";
import { logIn } from "../../../test/sessions.ts";
import { HIVE_JSON, LIFECYCLE_SETTINGS, startTestQueen, type TestQueen } from "../../../test/test-queen.ts";
import { addToken } from "../../../test/tokens.ts";
import { until } from "../../../test/until.ts";
import { DEFAULT_LIMITS } from "../../config/settings.ts";

const HALF_A_DAY_MS = 43_200_000;

async function startLockedQueen(options: Parameters<typeof startTestQueen>[0] = {}) {
  const queen = await startTestQueen(options);
  onTestFinished(() => queen[Symbol.asyncDispose]());
  return { queen, operator: await addToken(queen.catalog, "operator") };
}

const send = (queen: TestQueen, headers: Record<string, string>, url = "/v1/hives", method: "GET" | "DELETE" = "GET") =>
  queen.send({ method, url, headers });

test("a login answers a cookie for the browser alone and a key for the page, of which the catalog has hashes", async () => {
  const { queen, operator } = await startLockedQueen();
  const { clock, catalog, logLines } = queen;
  const { status, body, headers } = await queen.request("POST", "/v1/session", { token: operator.token });
  expect({ status, body }).toEqual({
    status: 201,
    body: { role: "operator", expires_at_ms: clock.now() + HALF_A_DAY_MS, key: expect.stringMatching(/^[\w-]{22}$/) },
  });
  expect(headers["set-cookie"]).toMatch(/^queen_session=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/; Max-Age=43200$/);
  const cookie = String(headers["set-cookie"]).slice(
    "queen_session=".length,
    -"; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200".length,
  );
  const { key } = body as { key: string };
  expect(await catalog.sessions.list()).toMatchObject([
    { cookieHash: secretHash(cookie), keyHash: secretHash(key), tokenId: operator.id },
  ]);
  await send(queen, { cookie: `queen_session=${cookie}`, "x-queen-key": key });
  for (const secret of [cookie, key, operator.token]) expect(JSON.stringify(logLines)).not.toContain(secret);
});

test("where browsers come over TLS, the cookie is sent over nothing else, and no other one is taken", async () => {
  const lifecycle = { ...LIFECYCLE_SETTINGS, publicUrl: "https://queen.example/fleet" };
  const { queen, operator } = await startLockedQueen({ lifecycle });
  const { headers } = await queen.request("POST", "/v1/session", { token: operator.token });
  expect(headers["set-cookie"]).toMatch(
    /^__Host-queen_session=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/; Max-Age=43200; Secure$/,
  );
  const [cookie = ""] = String(headers["set-cookie"]).split(";", 1);
  expect((await send(queen, { cookie: `other=1; ${cookie}; another=2` })).status).toBe(200);
  expect((await send(queen, { cookie: cookie.replace("__Host-", "") })).status).toBe(401);
});

test("with the cookie alone a caller is a reader; with the key it is what its token is", async () => {
  const { queen, operator } = await startLockedQueen();
  const { cookie, headers } = await logIn(queen, operator.token);
  expect((await send(queen, { cookie }, "/v1/session")).body).toMatchObject({ role: "operator", has_key: false });
  expect((await send(queen, { cookie }, "/v1/me")).body).toMatchObject({ role: "reader", token: { id: operator.id } });
  expect((await send(queen, { cookie }, "/v1/tokens")).body).toMatchObject({
    code: "FORBIDDEN",
    detail: expect.stringContaining("x-queen-key"),
  });
  const post = (shown: Record<string, string>) =>
    queen.send({ method: "POST", url: "/v1/hives", headers: shown, payload: HIVE_JSON });
  expect(await post({ cookie })).toMatchObject({
    status: 403,
    body: { code: "FORBIDDEN", detail: expect.stringContaining("x-queen-key") },
  });
  expect(await queen.catalog.countHives()).toBe(0);
  expect((await post(headers)).status).toBe(201);
  expect((await send(queen, headers, "/v1/me")).body).toMatchObject({ role: "operator" });
  expect((await send(queen, headers, "/v1/session")).body).toMatchObject({ has_key: true });
});

test("nobody logs in with a hive's token, one that is revoked or expired, none, or two", async () => {
  const { queen, operator } = await startLockedQueen();
  const { catalog, clock } = queen;
  await catalog.addHive(HIVE_JSON);
  const ofHive = await addToken(catalog, "hive", HIVE_JSON.id);
  const revoked = await addToken(catalog, "reader");
  await catalog.tokens.revoke(revoked.id);
  const asked = (body: object) => queen.request("POST", "/v1/session", body);
  expect(await asked({ token: ofHive.token })).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
  for (const token of [revoked.token, `${operator.token}A`, "", "hq_"]) {
    expect(await asked({ token }), token).toMatchObject({ status: 401, body: { code: "UNAUTHENTICATED" } });
  }
  for (const body of [{}, { token: operator.token, code: "a" }, { token: 5 }]) {
    const answer = await asked(body);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: "token" }] } });
    expect(JSON.stringify(answer)).not.toContain(operator.token);
  }
  const soon = await addToken(catalog, "reader", undefined, clock.now() + 60_500);
  const { headers } = await asked({ token: soon.token });
  expect(headers["set-cookie"]).toContain("Max-Age=60");
  clock.advance(60_500);
  expect(await asked({ token: soon.token })).toMatchObject({
    status: 401,
    body: { detail: expect.stringMatching(/expired at 2025/) },
  });
});

test("each attempt to log in counts against its address, and each login against its token", async () => {
  const limits = { ...DEFAULT_LIMITS, addressRequestsPerSecond: 5, tokenRequestsPerSecond: 2 };
  const { queen, operator } = await startLockedQueen({ limits });
  const asked = async (token: string) => (await queen.request("POST", "/v1/session", { token })).status;
  expect([await asked(operator.token), await asked(operator.token), await asked(operator.token)]).toEqual([
    201, 201, 429,
  ]);
  expect([await asked("hq_"), await asked("hq_"), await asked("hq_")]).toEqual([401, 401, 429]);
});

test("a session ends at once with DELETE, after half a day, and with its token", async () => {
  const { queen, operator } = await startLockedQueen();
  const reader = await addToken(queen.catalog, "reader");
  const [left, old, ofRevoked] = [
    await logIn(queen, operator.token),
    await logIn(queen, operator.token),
    await logIn(queen, reader.token),
  ];
  const left204 = await send(queen, left.headers, "/v1/session", "DELETE");
  expect([left204.status, left204.headers["set-cookie"]]).toEqual([204, expect.stringContaining("Max-Age=0")]);
  expect(await send(queen, left.headers)).toMatchObject({
    status: 401,
    body: { detail: expect.stringContaining("log in") },
  });
  expect((await send(queen, ofRevoked.headers)).status).toBe(200);
  await send(queen, { authorization: operator.authorization }, `/v1/tokens/${reader.id}`, "DELETE");
  expect((await send(queen, ofRevoked.headers)).status).toBe(401);
  queen.clock.advance(HALF_A_DAY_MS - 1);
  expect((await send(queen, old.headers)).status).toBe(200);
  queen.clock.advance(1);
  expect((await send(queen, old.headers)).status).toBe(401);
});

test("sessions survive a restart of the queen, and what another queen ends is known here", async () => {
  const { queen, operator } = await startLockedQueen();
  const [one, two] = [await logIn(queen, operator.token), await logIn(queen, operator.token)];
  await using later = await startTestQueen({ catalog: queen.catalog, clock: queen.clock });
  for (const { cookie } of [one, two]) expect((await send(later, { cookie })).status).toBe(200);
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  later.door.known.start();
  expect((await send(queen, one.headers, "/v1/session", "DELETE")).status).toBe(204);
  vi.advanceTimersByTime(2000);
  await until("it has ended there", async () => (await send(later, one.headers)).status === 401);
  expect((await send(later, { cookie: two.cookie })).status).toBe(200);
});

test.each(["the token", "the session"])(
  "an event stream ends with %s, within 2 seconds, while nothing happens",
  async (what) => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const { queen } = await startLockedQueen();
    const reader = await addToken(queen.catalog, "reader");
    const { cookie } = await logIn(queen, reader.token);
    await queen.app.listen({ host: "127.0.0.1", port: 0 });
    queen.door.known.start();
    const { port } = queen.app.server.address() as AddressInfo;
    const [stream] = (await once(get({ port, path: "/v1/events", headers: { cookie } }), "response")) as [
      IncomingMessage,
    ];
    const ended = new Promise((resolve) => stream.resume().once("close", resolve));
    stream.once("error", () => undefined);
    if (what === "the token") await queen.catalog.tokens.revoke(reader.id);
    else queen.clock.advance(HALF_A_DAY_MS);
    vi.advanceTimersByTime(2000);
    await ended;
  },
);

test("a code logs one browser in, once, within a minute, and with the rights of the token that asked for it", async () => {
  const { queen, operator } = await startLockedQueen();
  const make = async () => {
    const { authorization } = operator;
    const made = await queen.send({ method: "POST", url: "/v1/session/codes", headers: { authorization } });
    expect(made).toMatchObject({ status: 201, body: { expires_at_ms: queen.clock.now() + 60_000 } });
    return made.body as { code: string };
  };
  const asked = (body: { code: string }) => queen.request("POST", "/v1/session", { code: body.code });
  const first = await make();
  expect(await asked(first)).toMatchObject({ status: 201, body: { role: "operator" } });
  expect(await asked(first)).toMatchObject({ status: 401, body: { detail: expect.stringContaining("was used") } });
  const late = await make();
  queen.clock.advance(60_000);
  expect((await asked(late)).status).toBe(401);
  const ofRevoked = await make();
  await queen.catalog.tokens.revoke(operator.id);
  await queen.door.known.refresh();
  expect((await asked(ofRevoked)).status).toBe(401);
});

test("a session makes no code, with which it would outlive itself; its token does", async () => {
  const { queen, operator } = await startLockedQueen();
  const { headers } = await logIn(queen, operator.token);
  const asked = (shown: Record<string, string>) =>
    queen.send({ method: "POST", url: "/v1/session/codes", headers: shown });
  expect(await asked(headers)).toMatchObject({
    status: 403,
    body: { code: "FORBIDDEN", detail: expect.stringContaining("Authorization: Bearer") },
  });
  expect((await asked({ ...headers, authorization: operator.authorization })).status).toBe(201);
});

test("a bearer wins over a cookie, and who authorizes himself to a proxy alone is known by his cookie", async () => {
  const { queen, operator } = await startLockedQueen();
  const reader = await addToken(queen.catalog, "reader");
  const { headers } = await logIn(queen, operator.token);
  const asked = (authorization: string) => send(queen, { ...headers, authorization }, "/v1/tokens");
  expect((await asked(reader.authorization)).status).toBe(403);
  expect((await asked("Bearer hq_")).status).toBe(401);
  expect((await asked("Basic bWU6c2VjcmV0")).status).toBe(200);
});

test("a session that one more of its token pushed out ends at once at this queen", async () => {
  const { queen, operator } = await startLockedQueen();
  const first = await logIn(queen, operator.token);
  for (let n = 0; n < 15; n++) await logIn(queen, operator.token);
  expect((await send(queen, first.headers)).status).toBe(200);
  await logIn(queen, operator.token);
  expect((await send(queen, first.headers)).status).toBe(401);
});

test("while the door is open nobody logs in, and a cookie is nothing", async () => {
  await using queen = await startTestQueen();
  for (const url of ["/v1/session", "/v1/session/codes"]) {
    const body = url === "/v1/session" ? { token: "hq_" } : undefined;
    expect(await queen.request("POST", url, body)).toMatchObject({ status: 409, body: { code: "DOOR_OPEN" } });
  }
  const cookie = `queen_session=${"A".repeat(43)}`;
  expect((await send(queen, { cookie })).status).toBe(200);
  expect(await send(queen, { cookie }, "/v1/session")).toMatchObject({ body: { code: "SESSION_NOT_FOUND" } });
});
