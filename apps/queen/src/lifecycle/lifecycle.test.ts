import { expect, test, vi } from "vitest";
import { published } from "../../test/published.ts";
import { addHive, HIVE_JSON, startTestQueen } from "../../test/test-queen.ts";

test("of a hive that is removed as a step begins no step is told any more: the log of events would keep it", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  const { operations } = queen.catalog;
  const save = operations.save.bind(operations);
  vi.spyOn(operations, "save").mockImplementationOnce(async (...saved) => {
    const removed = await queen.request("DELETE", `/v1/hives/${HIVE_JSON.id}?force=true`);
    expect(removed.status).toBe(204);
    return save(...saved);
  });
  const { id } = await queen.lifecycle.begin("stop", HIVE_JSON.id);
  expect((await queen.lifecycle.ended(id)).problem).toBe("the hive was removed");
  expect(published(queen).map(([type]) => type)).toEqual(["hive_added", "operation", "hive_removed", "operation"]);
});
