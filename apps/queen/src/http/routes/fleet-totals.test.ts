import { expect, test } from "vitest";
import { addHive, HIVE_JSON, startTestQueen } from "../../../test/test-queen.ts";

test("what a caller has changed is in the counts of whoever asks next, however long it took to count before", async () => {
  await using queen = await startTestQueen();
  // As on a machine that is busy: a moment goes by whenever somebody looks at the clock.
  const { clock } = queen;
  clock.monotonicNow = () => (clock.monotonicMs += 100);
  const counts = async () => {
    const { total, online, offline, cordoned } = (
      (await queen.request("GET", "/v1/fleet")).body as { totals: Record<string, number> }
    ).totals;
    return { total, online, offline, cordoned };
  };
  const change = async (...request: Parameters<typeof queen.request>) => {
    const { status, body } = await queen.request(...request);
    expect(status, JSON.stringify(body)).toBeLessThan(300);
  };
  expect(await counts()).toEqual({ total: 0, online: 0, offline: 0, cordoned: 0 });
  await addHive(queen, 8601, { id: "a", status: "online" });
  expect(await counts()).toEqual({ total: 1, online: 1, offline: 0, cordoned: 0 });
  await change("POST", "/v1/hives/a/cordon", { reason: "fans" });
  expect(await counts()).toEqual({ total: 1, online: 1, offline: 0, cordoned: 1 });
  await change("PATCH", "/v1/hives/a", { status: "offline" });
  expect(await counts()).toEqual({ total: 1, online: 0, offline: 1, cordoned: 1 });
  await change("POST", "/v1/hives/a/uncordon");
  expect(await counts()).toEqual({ total: 1, online: 0, offline: 1, cordoned: 0 });
  await change("DELETE", "/v1/hives/a");
  expect(await counts()).toEqual({ total: 0, online: 0, offline: 0, cordoned: 0 });
});

test("a hive that was cordoned before the queen came is counted, however soon somebody asks", async () => {
  await using queen = await startTestQueen();
  await queen.catalog.addHive({ ...HIVE_JSON });
  await queen.catalog.cordons.set(HIVE_JSON.id, { reason: "fans", untilMs: null });
  expect((await queen.request("GET", "/v1/fleet")).body).toMatchObject({ totals: { total: 1, cordoned: 1 } });
});
