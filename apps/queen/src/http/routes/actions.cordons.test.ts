import { expect, test } from "vitest";
import { act, addMany, saidOf } from "../../../test/many-hives.ts";
import { startTestQueen } from "../../../test/test-queen.ts";

test("of many hives none whose cordon ends later is given back to work sooner; one that is named alone is, and any by overwrite", async () => {
  await using queen = await startTestQueen();
  const [broken = "", soon = "", late = "", free = ""] = await addMany(queen, 4);
  const { cordons } = queen.catalog;
  const nowMs = queen.clock.now();
  await cordons.set(broken, { reason: "broken" });
  await cordons.set(soon, { reason: "soon", untilMs: nowMs + 1000 });
  await cordons.set(late, { reason: "late", untilMs: nowMs + 60_000 });
  const cordon = { action: "cordon", reason: "fans", for: "4s", selector: "" };
  const skipped = { [broken]: "skipped", [late]: "skipped" };
  const foreseen = await act(queen, cordon, "?dry_run=true");
  expect(saidOf(foreseen.hives, "would_do")).toEqual({ [broken]: "would_skip", [late]: "would_skip" });
  const { hives } = await act(queen, cordon);
  expect(saidOf(hives, "done")).toEqual(skipped);
  expect(hives.get(broken)?.detail).toBe(
    'is cordoned for longer, until it is lifted, for "broken": named alone, it is cordoned anew',
  );
  expect(hives.get(late)?.detail).toContain(`until ${new Date(nowMs + 60_000).toISOString()}, for "late"`);
  const reasons = async () => (await cordons.list()).map(({ reason }) => reason);
  expect(await reasons()).toEqual(["broken", "fans", "late", "fans"]);
  expect(saidOf((await act(queen, { ...cordon, for: "1h" })).hives, "done")).toEqual({ [broken]: "skipped" });
  expect(await reasons()).toEqual(["broken", "fans", "fans", "fans"]);

  const { selector, ...once } = cordon;
  const both = await act(queen, { ...once, ids: [broken, free] });
  expect(saidOf(both.hives, "done")).toEqual({ [broken]: "skipped", [free]: "skipped" });
  expect(saidOf((await act(queen, { ...once, ids: [free] })).hives, "done")).toEqual({});
  expect(saidOf((await act(queen, { ...once, ids: [free], for: "1s", overwrite: false })).hives, "skipped")).toEqual(
    {},
  );
  expect(saidOf((await act(queen, { ...cordon, for: "2s", overwrite: true })).hives, "done")).toEqual({});
  expect(await reasons()).toEqual(Array(4).fill("fans"));
});
