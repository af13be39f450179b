import { expect, onTestFinished, test, vi } from "vitest";
import { HIVE_JSON, startTestQueen, type TestQueen } from "../../../test/test-queen.ts";
import { addToken } from "../../../test/tokens.ts";
import { until } from "../../../test/until.ts";

async function startLockedQueen() {
  const queen = await startTestQueen();
  onTestFinished(() => queen[Symbol.asyncDispose]());
  const operator = await addToken(queen.catalog, "operator");
  const ask = (method: "GET" | "POST" | "DELETE", url: string, payload?: object) =>
    queen.send({ method, url, headers: { authorization: operator.authorization }, ...(payload && { payload }) });
  return { queen, operator, ask };
}

const listed = async ({ send }: TestQueen, authorization: string) => {
  const { body } = await send({ method: "GET", url: "/v1/tokens", headers: { authorization } });
  return (body as { tokens: Record<string, unknown>[] }).tokens;
};

test("makes a token that works at once, shows it this once, and lists it without", async () => {
  const { queen, operator, ask } = await startLockedQueen();
  const expiresAtMs = queen.clock.now() + 5000;
  const made = await ask("POST", "/v1/tokens", { name: "dashboard", role: "reader", expires_at_ms: expiresAtMs });
  expect(made).toMatchObject({ status: 201 });
  const { token, ...record } = made.body as { token: string };
  expect(record).toEqual({
    id: token.split("_")[1],
    name: "dashboard",
    role: "reader",
    hive_id: null,
    created_at_ms: queen.clock.now(),
    expires_at_ms: expiresAtMs,
    revoked_at_ms: null,
    last_used_at_ms: null,
  });
  expect(
    (await queen.send({ method: "GET", url: "/v1/hives", headers: { authorization: `Bearer ${token}` } })).status,
  ).toBe(200);
  const used = { ...record, last_used_at_ms: queen.clock.now() };
  expect(await listed(queen, operator.authorization)).toMatchObject([{ id: operator.id }, used]);
  expect(JSON.stringify([await listed(queen, operator.authorization), queen.logLines])).not.toContain(token.slice(20));
});

test("a hive's token needs its hive, and what breaks a rule is named", async () => {
  const { queen, ask } = await startLockedQueen();
  await queen.catalog.addHive(HIVE_JSON);
  const asked = (body: object) => ask("POST", "/v1/tokens", body);
  expect(await asked({ name: "box", role: "hive", hive_id: HIVE_JSON.id })).toMatchObject({
    status: 201,
    body: { hive_id: HIVE_JSON.id },
  });
  expect(await asked({ name: "box", role: "hive", hive_id: "nobody" })).toMatchObject({
    status: 404,
    body: { code: "HIVE_NOT_FOUND" },
  });
  const wrong: [object, string][] = [
    [{ name: "box", role: "hive" }, "hive_id"],
    [{ name: "box", role: "reader", hive_id: HIVE_JSON.id }, "hive_id"],
    [{ name: "two\nlines", role: "reader" }, "name"],
    [{ name: "box", role: "root" }, "role"],
    [{ name: "box", role: "reader", expires_at_ms: queen.clock.now() }, "expires_at_ms"],
    [{ name: "box", role: "reader", hash: "f".repeat(64) }, "hash"],
  ];
  for (const [body, field] of wrong) {
    expect(await asked(body), field).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  }
});

test("a token that has expired is refused, with when it did", async () => {
  const { queen } = await startLockedQueen();
  const { authorization, id } = await addToken(queen.catalog, "reader", undefined, queen.clock.now() + 1000);
  const asked = () => queen.send({ method: "GET", url: "/v1/hives", headers: { authorization } });
  expect((await asked()).status).toBe(200);
  queen.clock.advance(1000);
  expect(await asked()).toMatchObject({
    status: 401,
    headers: { "www-authenticate": expect.stringContaining("invalid_token") },
    body: { code: "UNAUTHENTICATED", detail: `The token ${id} expired at 2025-10-21T10:00:01.000Z: ask for a new one` },
  });
});

test("lists them page by page in the order in which they were made", async () => {
  const { queen, operator, ask } = await startLockedQueen();
  const made = [operator.id];
  for (let n = 0; n < 4; n++) made.push((await addToken(queen.catalog, "reader")).id);
  const page = async (query: string) => {
    const { tokens, next_after } = (await ask("GET", `/v1/tokens${query}`)).body as {
      tokens: { id: string }[];
      next_after: string | null;
    };
    return { ids: tokens.map(({ id }) => id), next_after };
  };
  expect(await page("?limit=2")).toEqual({ ids: made.slice(0, 2), next_after: made[1] });
  expect(await page(`?limit=3&after=${made[1]}`)).toEqual({ ids: made.slice(2), next_after: made[4] });
  expect(await page(`?after=${made[4]}`)).toEqual({ ids: [], next_after: null });
  expect(await page("")).toEqual({ ids: made, next_after: null });
  expect(await ask("GET", "/v1/tokens?after=nobody")).toMatchObject({
    status: 400,
    body: { errors: [{ field: "after" }] },
  });
});

test.each(["reader", "operator"] as const)(
  "revoking a token counts at once; one that is not in force is not there: %s",
  async (role) => {
    const { queen, ask } = await startLockedQueen();
    const { authorization, id } = await addToken(queen.catalog, role);
    const asked = async () =>
      (await queen.send({ method: "GET", url: "/v1/hives", headers: { authorization } })).status;
    expect(await asked()).toBe(200);
    expect((await ask("DELETE", `/v1/tokens/${id}`)).status).toBe(204);
    expect(await asked()).toBe(401);
    for (const gone of [id, "nobody"]) {
      expect(await ask("DELETE", `/v1/tokens/${gone}`)).toMatchObject({
        status: 404,
        body: { code: "TOKEN_NOT_FOUND" },
      });
    }
  },
);

test.each(["get", "list"] as const)(
  "one that is revoked while the catalog answers %s is in force for nobody",
  async (verb) => {
    const { queen } = await startLockedQueen();
    const { id, authorization } = await addToken(queen.catalog, "reader");
    const { tokens } = queen.catalog;
    const read = tokens[verb].bind(tokens) as (...given: unknown[]) => Promise<never>;
    vi.spyOn(tokens, verb).mockImplementationOnce(async (...given: unknown[]) => {
      const found = await read(...given);
      await queen.door.known.revoke(id);
      return found;
    });
    await queen.door.known.refresh();
    expect((await queen.send({ method: "GET", url: "/v1/hives", headers: { authorization } })).status).toBe(401);
    expect(queen.door.stillAdmits({ role: "reader", hiveId: null, tokenId: id })).toBe(false);
  },
);

test("the last one of an operator that is in force stays, so that nobody locks everybody out by accident", async () => {
  const { queen, operator, ask } = await startLockedQueen();
  await addToken(queen.catalog, "reader");
  await addToken(queen.catalog, "operator", undefined, queen.clock.now());
  expect(await ask("DELETE", `/v1/tokens/${operator.id}`)).toMatchObject({
    status: 409,
    body: { code: "LAST_OPERATOR", detail: expect.stringContaining("pnpm queen token revoke") },
  });
  await addToken(queen.catalog, "operator", undefined, queen.clock.now() + 86_400_000);
  expect((await ask("DELETE", `/v1/tokens/${operator.id}`)).status).toBe(409);
  await addToken(queen.catalog, "operator");
  expect((await ask("DELETE", `/v1/tokens/${operator.id}`)).status).toBe(204);
});

test("the first one that locks the door of an open queen is an operator's that lasts", async () => {
  await using queen = await startTestQueen();
  const expires_at_ms = queen.clock.now() + 60_000;
  for (const body of [{ role: "reader" }, { role: "operator", expires_at_ms }, { role: "reader", expires_at_ms }]) {
    expect(await queen.request("POST", "/v1/tokens", { name: "me", ...body })).toMatchObject({
      status: 409,
      body: { code: "OPERATOR_FIRST", detail: expect.stringContaining("role operator, without expires_at_ms, first") },
    });
  }
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  const ofHive = { name: "box", role: "hive", hive_id: HIVE_JSON.id, expires_at_ms };
  expect((await queen.request("POST", "/v1/tokens", ofHive)).status).toBe(201);
  expect((await queen.request("GET", "/v1/hives")).status).toBe(200);
});

test("the first one of an operator locks the door before it is answered, and logs its bearer in", async () => {
  await using queen = await startTestQueen();
  const made = await queen.request("POST", "/v1/tokens", { name: "me", role: "operator" });
  expect(made.status).toBe(201);
  expect((await queen.request("GET", "/v1/hives")).status).toBe(401);
  const { token } = made.body as { token: string };
  expect((await queen.request("POST", "/v1/session", { token })).status).toBe(201);
});

test("says when tokens were last used, which is written down once a minute, and when the queen stops", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const { queen, operator, ask } = await startLockedQueen();
  const { catalog, clock, door } = queen;
  const unused = await addToken(catalog, "reader");
  door.known.start();
  const writes = vi.spyOn(catalog.tokens, "used");
  for (let n = 0; n < 20; n++) await ask("GET", "/v1/me");
  const usedAtMs = clock.now();
  expect(writes).not.toHaveBeenCalled();
  const lastUse = async (id: string) => (await catalog.tokens.get(id))?.lastUsedAtMs;
  vi.advanceTimersByTime(60_000);
  await until("it is written", async () => (await lastUse(operator.id)) === usedAtMs);
  // What is on the disk can be read before its writer knows.
  await writes.mock.results[0]?.value;
  expect(await lastUse(unused.id)).toBeNull();
  vi.advanceTimersByTime(60_000);
  expect(writes.mock.calls).toHaveLength(1);
  clock.advance(5000);
  await ask("GET", "/v1/me");
  await queen.stop();
  expect(await lastUse(operator.id)).toBe(usedAtMs + 5000);
});

test("while nobody needs a token, one that is shown is used all the same, and the list says so at once", async () => {
  await using queen = await startTestQueen();
  await queen.catalog.addHive(HIVE_JSON);
  const made = await queen.request("POST", "/v1/tokens", { name: "box", role: "hive", hive_id: HIVE_JSON.id });
  await queen.door.known.refresh();
  const { token } = made.body as { token: string };
  const lastUse = async () => (await listed(queen, ""))[0]?.last_used_at_ms;
  const show = (authorization: string) => queen.send({ method: "GET", url: "/v1/hives", headers: { authorization } });
  await show(`Bearer ${token.slice(0, -4)}AAAA`);
  await show("Bearer nonsense");
  expect(await lastUse()).toBeNull();
  await show(`Bearer ${token}`);
  await until("it is noted", async () => (await lastUse()) === queen.clock.now());
});

test("what could not be written of their use is written later, and said once", async () => {
  const { queen, operator, ask } = await startLockedQueen();
  await ask("GET", "/v1/me");
  const write = vi.spyOn(queen.catalog.tokens, "used").mockRejectedValueOnce(new Error("the disk is full"));
  await queen.door.known.stop();
  await queen.door.known.stop();
  expect(write).toHaveBeenCalledTimes(2);
  expect((await queen.catalog.tokens.get(operator.id))?.lastUsedAtMs).toBe(queen.clock.now());
  expect(queen.logLines.filter(({ msg }) => msg.includes("last use"))).toHaveLength(1);
});
