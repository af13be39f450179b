import type { AddressInfo } from "node:net";
import { mintToken } from "@repo/hive-catalog";
import { expect, onTestFinished, test } from "vitest";
import { logIn } from "../../../test/sessions.ts";
import { beatJson, HIVE_JSON, startTestQueen } from "../../../test/test-queen.ts";
import { addToken } from "../../../test/tokens.ts";
import { DEFAULT_LIMITS } from "../../config/settings.ts";
import { methodsOf } from "../route.ts";
import { ROUTES } from "../routes.ts";
import type { Access } from "./caller.ts";

/** A route that reads is for readers, one that changes something for operators. Whoever adds another one says so here, a second time. */
const EXCEPTIONS: Record<string, Access> = {
  "GET /health": "always",
  "GET /health/live": "always",
  "GET /health/ready": "always",
  "GET /openapi.json": "open",
  "GET /docs": "open",
  "GET /docs/:file": "open",
  "GET /": "open",
  "GET /ui": "open",
  "GET /ui/:view": "open",
  "GET /ui/:view/:name": "open",
  "GET /ui/assets/:file": "open",
  "POST /v1/heartbeat": "hive",
  // Nothing that is stored changes, and each ends by itself: it is the best worker with a promise.
  "POST /v1/workers/claims": "reader",
  "DELETE /v1/workers/claims/:claim": "reader",
  // Whoever logs in has a token in the body, or a code; a session is its own caller's.
  "POST /v1/session": "open",
  "DELETE /v1/session": "reader",
  "POST /v1/session/codes": "reader",
  "GET /v1/me": "token",
  "GET /v1/tokens": "operator",
};

const CALLERS = [
  ...["no token", "wrong", "other hive's", "own hive's", "revoked", "expired", "reader", "operator"],
  ...["reader's cookie", "operator's cookie", "cookie of a revoked token", "cookie and a wrong key"],
  ...["reader's cookie and key", "operator's cookie and key", "operator's cookie and a wrong token"],
  "operator's cookie and key from another port",
] as const;
type Verdict = "let in" | 401 | 403;

const EVERYBODY: Verdict[] = CALLERS.map(() => "let in");
/** What browsers sent by themselves, of which another port of the same machine got hold. */
const NOT_FROM_ANOTHER_PORT = EVERYBODY.with(-1, 403);
const IN = "let in";

/** In the order of CALLERS. A cookie without its key is a reader's for GET, and nothing for all else. */
const VERDICTS: Record<Access, { reads: Verdict[]; changes: Verdict[] }> = {
  always: { reads: NOT_FROM_ANOTHER_PORT, changes: NOT_FROM_ANOTHER_PORT },
  open: { reads: NOT_FROM_ANOTHER_PORT, changes: NOT_FROM_ANOTHER_PORT },
  token: {
    reads: [401, 401, IN, IN, 401, 401, IN, IN, IN, IN, 401, 403, IN, IN, 401, 403],
    changes: [401, 401, IN, IN, 401, 401, IN, IN, 403, 403, 401, 403, IN, IN, 401, 403],
  },
  hive: {
    reads: [401, 401, 403, IN, 401, 401, 403, IN, 403, 403, 401, 403, 403, IN, 401, 403],
    changes: [401, 401, 403, IN, 401, 401, 403, IN, 403, 403, 401, 403, 403, IN, 401, 403],
  },
  reader: {
    reads: [401, 401, 403, 403, 401, 401, IN, IN, IN, IN, 401, 403, IN, IN, 401, 403],
    changes: [401, 401, 403, 403, 401, 401, IN, IN, 403, 403, 401, 403, IN, IN, 401, 403],
  },
  operator: {
    reads: [401, 401, 403, 403, 401, 401, 403, IN, 403, 403, 401, 403, 403, IN, 401, 403],
    changes: [401, 401, 403, 403, 401, 401, 403, IN, 403, 403, 401, 403, 403, IN, 401, 403],
  },
};

async function startLockedQueen() {
  const limits = { ...DEFAULT_LIMITS, addressRequestsPerSecond: 1_000_000, tokenRequestsPerSecond: 1_000_000 };
  // The real one is compared with its sources each time that it is asked for.
  const page = new Map(["page.js", "page.css"].map((name) => [name, Buffer.from("")]));
  const queen = await startTestQueen({ limits, readPage: async () => page });
  onTestFinished(() => queen[Symbol.asyncDispose]());
  const { catalog, clock } = queen;
  for (const id of ["hive-a", "hive-b"]) await catalog.addHive({ ...HIVE_JSON, id });
  const [revoked, reader, operator] = [
    await addToken(catalog, "operator"),
    await addToken(catalog, "reader"),
    await addToken(catalog, "operator"),
  ];
  const { cookie: endedCookie } = await logIn(queen, revoked.token);
  await catalog.tokens.revoke(revoked.id);
  await queen.door.known.refresh();
  const login = async ({ token }: { token: string }) => (await logIn(queen, token)).headers;
  const cookieOf = async (of: { token: string }) => ({ cookie: (await login(of)).cookie });
  // Where many log in with one token, its first session ends.
  const { token: ofOthers } = await addToken(catalog, "reader");
  const { authorization: ofOther } = await addToken(catalog, "hive", "hive-b");
  const { authorization: own } = await addToken(catalog, "hive", "hive-a");
  const wrong = { authorization: `Bearer ${mintToken().token}` };
  const expired = { ...mintToken(), name: "old", role: "operator", expiresAtMs: clock.now() } as const;
  const { token: expiredToken, ...stored } = expired;
  await catalog.tokens.add(stored);
  const callers: (() => Promise<Record<string, string>>)[] = [
    async () => ({}),
    async () => wrong,
    async () => ({ authorization: ofOther }),
    async () => ({ authorization: own }),
    async () => ({ authorization: revoked.authorization }),
    async () => ({ authorization: `Bearer ${expiredToken}` }),
    async () => ({ authorization: reader.authorization }),
    async () => ({ authorization: operator.authorization }),
    () => cookieOf(reader),
    () => cookieOf(operator),
    async () => ({ cookie: endedCookie }),
    async () => ({ ...(await login(operator)), "x-queen-key": "A".repeat(22) }),
    () => login(reader),
    () => login(operator),
    async () => ({ ...(await login(operator)), ...wrong }),
    async () => ({ ...(await login(operator)), "sec-fetch-site": "same-site" }),
  ];
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  const origin = `http://127.0.0.1:${(queen.app.server.address() as AddressInfo).port}`;
  const bodies: Record<string, object> = {
    "/v1/heartbeat": beatJson("hive-a"),
    "/v1/session": { token: ofOthers },
  };
  /** Of each caller, who goes on with them until it has logged out. */
  const shown = new Map<number, Record<string, string>>();
  async function headersOf(caller: number): Promise<Record<string, string>> {
    const headers = shown.get(caller) ?? (await callers[caller]?.()) ?? {};
    shown.set(caller, headers);
    return headers;
  }

  /** Only the head of the answer is waited for: some routes never end theirs. */
  async function verdictOf(method: string, url: string, caller: number): Promise<Verdict> {
    const body = method === "POST" ? bodies[url] : undefined;
    const answer = await fetch(`${origin}${url.replace(":id", "nobody")}`, {
      method,
      headers: { ...(await headersOf(caller)), ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    await answer.body?.cancel();
    if (method === "DELETE" && url === "/v1/session") shown.delete(caller);
    const { status } = answer;
    if (status >= 500 || status === 429) throw new Error(`${method} ${url} answered ${status} to ${CALLERS[caller]}`);
    return status === 401 || status === 403 ? status : "let in";
  }
  return { verdictOf };
}

test("each route × each caller is let in or turned away as the route says", async () => {
  const { verdictOf } = await startLockedQueen();
  for (const route of ROUTES) {
    for (const method of methodsOf(route)) {
      const verdicts = await Promise.all(CALLERS.map((_, caller) => verdictOf(method, route.path, caller)));
      const { reads, changes } = VERDICTS[route.access ?? "operator"];
      const ofRole = method === "GET" || method === "HEAD" ? reads : changes;
      const isForTokens = route.path === "/v1/session/codes";
      const expected = ofRole.map((verdict, n) =>
        isForTokens && CALLERS[n]?.endsWith("cookie and key") ? 403 : verdict,
      );
      expect(verdicts, `${method} ${route.path}, to ${CALLERS.join(", ")}`).toEqual(expected);
    }
  }
});

test("a cookie alone changes nothing: no route takes it for any method but GET and HEAD, but the one that logs in", async () => {
  const { verdictOf } = await startLockedQueen();
  const changing = ROUTES.filter(({ method, path }) => method !== "get" && path !== "/v1/session");
  for (const { method, path } of [...changing, { method: "delete", path: "/v1/session" }]) {
    for (const whose of ["reader's cookie", "operator's cookie"] as const) {
      expect(await verdictOf(method.toUpperCase(), path, CALLERS.indexOf(whose)), `${method} ${path}`).toBe(403);
    }
  }
});

test("a route that reads is for readers, and one that changes something for operators, but for those named here", () => {
  const others = ROUTES.filter(
    ({ method, access = "operator" }) => access !== (method === "get" ? "reader" : "operator"),
  );
  const named = others.map(({ method, path, access }) => [`${method.toUpperCase()} ${path}`, access ?? "operator"]);
  expect(Object.fromEntries(named)).toEqual(EXCEPTIONS);
});

test("a route that says nothing is for operators alone", async () => {
  const { verdictOf } = await startLockedQueen();
  expect(ROUTES.find(({ method, path }) => method === "post" && path === "/v1/hives")).not.toHaveProperty("access");
  expect(await verdictOf("POST", "/v1/hives", CALLERS.indexOf("reader"))).toBe(403);
});
