import { expect, test } from "vitest";
import manifest from "../../../package.json" with { type: "json" };
import { HIVE_JSON, LIFECYCLE_SETTINGS, startTestQueen } from "../../../test/test-queen.ts";
import { addToken } from "../../../test/tokens.ts";

test("says who the caller is, and which settings matter to it", async () => {
  const lifecycle = { ...LIFECYCLE_SETTINGS, publicUrl: "https://queen.example/fleet" };
  await using queen = await startTestQueen({ lifecycle });
  const { body: open } = await queen.request("GET", "/v1/me");
  expect(open).toEqual({
    role: "operator",
    hive_id: null,
    token: null,
    version: manifest.version,
    door_open: true,
    public_url: "https://queen.example/fleet",
    stale_after_ms: 60_000,
    heartbeat_interval_ms: 15_000,
    health_interval_ms: 30_000,
    limits: {
      token_requests_per_second: 500,
      address_requests_per_second: null,
      max_connections: 20_000,
      max_connections_per_address: 2000,
    },
  });
  await queen.catalog.addHive(HIVE_JSON);
  const reader = await addToken(queen.catalog, "reader", undefined, queen.clock.now() + 9000);
  const ofHive = await addToken(queen.catalog, "hive", HIVE_JSON.id);
  await queen.door.known.refresh();
  const asked = async (authorization: string) =>
    (await queen.send({ method: "GET", url: "/v1/me", headers: { authorization } })).body;
  expect(await asked(reader.authorization)).toMatchObject({
    role: "reader",
    token: { id: reader.id, name: "a reader", expires_at_ms: queen.clock.now() + 9000 },
    door_open: false,
  });
  expect(await asked(ofHive.authorization)).toMatchObject({ role: "hive", hive_id: HIVE_JSON.id });
});
