import type { AddressInfo } from "node:net";
import { mintToken } from "@repo/hive-catalog";
import { expect, onTestFinished, test } from "vitest";
import { beatJson, HIVE_JSON, startTestQueen } from "../../../test/test-queen.ts";
import { addToken } from "../../../test/tokens.ts";
import { DEFAULT_LIMITS } from "../../config/settings.ts";
import type { Access } from "./door.ts";

/** Every route of the app. Whoever adds one says here, a second time, who may use it. */
const ACCESS: Record<string, Access> = {
  "GET /health": "open",
  "GET /health/live": "open",
  "GET /health/ready": "open",
  "GET /openapi.json": "open",
  "GET /docs": "open",
  "GET /docs/:file": "open",
  "GET /metrics": "reader",
  "GET /v1/events": "reader",
  "POST /v1/heartbeat": "hive",
  "GET /v1/hives": "reader",
  "POST /v1/hives": "operator",
  "GET /v1/hives/:id": "reader",
  "PUT /v1/hives/:id": "operator",
  "PATCH /v1/hives/:id": "operator",
  "DELETE /v1/hives/:id": "operator",
  "PUT /v1/hives/:id/devices": "operator",
  "POST /v1/hives/:id/devices": "operator",
  "GET /v1/hives/:id/state": "reader",
  "POST /v1/hives/:id/start": "operator",
  "POST /v1/hives/:id/stop": "operator",
  "POST /v1/hives/:id/restart": "operator",
  "POST /v1/hives/:id/install": "operator",
  "GET /v1/hives/:id/ssh-host-key": "operator",
  "POST /v1/hives/:id/ssh-host-key": "operator",
  "DELETE /v1/hives/:id/ssh-host-key": "operator",
  "GET /v1/hives/:id/liveness": "reader",
  "POST /v1/hives/:id/cordon": "operator",
  "POST /v1/hives/:id/uncordon": "operator",
  "POST /v1/liveness/confirm": "operator",
  "GET /v1/operations": "reader",
  "GET /v1/operations/:operation": "reader",
  "POST /v1/operations/:operation/cancel": "operator",
  "GET /v1/counts": "reader",
  "GET /v1/workers": "reader",
  "GET /v1/workers/best": "reader",
};

const CALLERS = ["no token", "wrong", "other hive's", "own hive's", "revoked", "reader", "operator"] as const;
type Verdict = "let in" | 401 | 403;

/** In the order of CALLERS. */
const VERDICTS: Record<Access, Verdict[]> = {
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
  return { queen, verdictOf };
}

test("each route × each caller is let in or turned away as the route says", async () => {
  const { queen, verdictOf } = await startLockedQueen();
  const routes = queen.app.routeTable.list.filter(({ method }) => method !== "HEAD");
  expect(Object.fromEntries(routes.map(({ method, url, access }) => [`${method} ${url}`, access]))).toEqual(ACCESS);

  for (const { method, url, access } of queen.app.routeTable.list) {
    const verdicts: Verdict[] = [];
    for (const caller of CALLERS) verdicts.push(await verdictOf(method, url, caller));
    expect(verdicts, `${method} ${url}, to ${CALLERS.join(", ")}`).toEqual(VERDICTS[access]);
  }
});

test("a route that says nothing is for operators alone", async () => {
  const { queen, verdictOf } = await startLockedQueen();
  expect(queen.app.routeTable.list).toContainEqual({ method: "POST", url: "/v1/hives", access: "operator" });
  expect(await verdictOf("POST", "/v1/hives", "reader")).toBe(403);
});
