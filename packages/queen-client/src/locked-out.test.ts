import { expect, test } from "vitest";
import { hivesToLockOut, hivesWithToken } from "./locked-out.ts";
import { json, startClient } from "./testing.ts";

const NOW_MS = 1000;
const token = (hive_id: string | null, more: object = {}) => ({
  hive_id,
  revoked_at_ms: null,
  expires_at_ms: null,
  last_used_at_ms: 1,
  ...more,
});
const TOKENS = [
  [token("lasts"), token("expires-later", { expires_at_ms: NOW_MS + 1 }), token(null)],
  [
    token("expired", { expires_at_ms: NOW_MS }),
    token("revoked", { revoked_at_ms: 1 }),
    token("unused", { last_used_at_ms: null }),
  ],
];
const row = (id: string, rule = "beats_arrive") => ({ hive: { id }, status: { rule } });
const FLEET = [
  [row("expired"), row("lasts")],
  [row("revoked"), row("unused"), row("none"), row("checked-alone", "probe_answers")],
];

/** A queen whose lists have two pages. */
const startQueen = () =>
  startClient((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://queen");
    const page = Number(searchParams.get("after") ?? 0);
    const next_after = page === 0 ? "1" : null;
    const body = pathname === "/v1/tokens" ? { tokens: TOKENS[page] } : { hives: FLEET[page] };
    json({ ...body, next_after })(request, response);
  });

test("a hive has a token while one of its own is in force", async () => {
  await using queen = await startQueen();
  const ids = await hivesWithToken(queen.client, { nowMs: NOW_MS });
  expect([...ids]).toEqual(["lasts", "expires-later", "unused"]);
});

test("locked out are those that beat and show no token of their own", async () => {
  await using queen = await startQueen();
  expect(await hivesToLockOut(queen.client, { nowMs: NOW_MS })).toEqual(["expired", "revoked", "unused", "none"]);
  expect(queen.requests.map(({ url }) => url)).toContain("/v1/fleet?status=online&limit=1000");
});
