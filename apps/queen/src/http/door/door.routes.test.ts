import type { AddressInfo } from "node:net";
import { mintToken } from "@repo/hive-catalog";
import { expect, onTestFinished, test } from "vitest";
import { beatJson, HIVE_JSON, startTestQueen } from "../../../test/test-queen.ts";
import { addToken } from "../../../test/tokens.ts";
import { DEFAULT_LIMITS } from "../../config/settings.ts";
import { methodsOf } from "../route.ts";
import { ROUTES } from "../routes.ts";
import type { Access } from "./door.ts";

/** A route that reads is for readers, one that changes something for operators. Whoever adds another one says so here, a second time. */
const EXCEPTIONS: Record<string, Access> = {
  "GET /health": "always",
  "GET /health/live": "always",
  "GET /health/ready": "always",
  "GET /openapi.json": "open",
  "GET /docs": "open",
  "GET /docs/:file": "open",
  "POST /v1/heartbeat": "hive",
  // Nothing that is stored changes, and each ends by itself: it is the best worker with a promise.
  "POST /v1/workers/claims": "reader",
  "DELETE /v1/workers/claims/:claim": "reader",
};

const CALLERS = ["no token", "wrong", "other hive's", "own hive's", "revoked", "reader", "operator"] as const;
type Verdict = "let in" | 401 | 403;

/** In the order of CALLERS. */
const VERDICTS: Record<Access, Verdict[]> = {
  always: ["let in", "let in", "let in", "let in", "let in", "let in", "let in"],
  open: ["let in", "let in", "let in", "let in", "let in", "let in", "let in"],
  hive: [401, 401, 403, "let in", 401, 403, "let in"],
  reader: [401, 401, 403, 403, 401, "let in", "let in"],
  operator: [401, 401, 403, 403, 401, 403, "let in"],
};

async function startLockedQueen() {
  const queen = await startTestQueen({ limits: { ...DEFAULT_LIMITS, addressRequestsPerSecond: 1_000_000 } });
  onTestFinished(() => queen[Symbol.asyncDispose]());
  for (const id of ["hive-a", "hive-b"]) await queen.catalog.addHive({ ...HIVE_JSON, id });
  const revoked = await addToken(queen.catalog, "operator");
  await queen.catalog.tokens.revoke(revoked.id);
  const headers: Record<(typeof CALLERS)[number], { authorization?: string }> = {
    "no token": {},
    wrong: { authorization: `Bearer ${mintToken().token}` },
    "other hive's": await addToken(queen.catalog, "hive", "hive-b"),
    "own hive's": await addToken(queen.catalog, "hive", "hive-a"),
    revoked,
    reader: await addToken(queen.catalog, "reader"),
    operator: await addToken(queen.catalog, "operator"),
  };
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  const origin = `http://127.0.0.1:${(queen.app.server.address() as AddressInfo).port}`;

  /** Only the head of the answer is waited for: some routes never end theirs. */
  async function verdictOf(method: string, url: string, caller: (typeof CALLERS)[number]): Promise<Verdict> {
    const body = url === "/v1/heartbeat" ? JSON.stringify(beatJson("hive-a")) : undefined;
    const { authorization } = headers[caller];
    const answer = await fetch(`${origin}${url.replace(":id", "nobody")}`, {
      method,
      headers: { ...(authorization && { authorization }), ...(body && { "content-type": "application/json" }) },
      ...(body && { body }),
    });
    await answer.body?.cancel();
    const { status } = answer;
    if (status >= 500 || status === 429) throw new Error(`${method} ${url} answered ${status} to ${caller}`);
    return status === 401 || status === 403 ? status : "let in";
  }
  return { verdictOf };
}

test("each route × each caller is let in or turned away as the route says", async () => {
  const { verdictOf } = await startLockedQueen();
  for (const route of ROUTES) {
    for (const method of methodsOf(route)) {
      const verdicts: Verdict[] = [];
      for (const caller of CALLERS) verdicts.push(await verdictOf(method, route.path, caller));
      expect(verdicts, `${method} ${route.path}, to ${CALLERS.join(", ")}`).toEqual(
        VERDICTS[route.access ?? "operator"],
      );
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
  expect(await verdictOf("POST", "/v1/hives", "reader")).toBe(403);
});
