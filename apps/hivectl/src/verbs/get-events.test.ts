import { expect, test } from "vitest";
import { detailOf } from "./get-events.ts";

test("a cordon that ran out is not said to be lifted", () => {
  const event = { id: "a-1", type: "cordon" } as const;
  const over = { at_ms: 2, hive_id: "gpu-01", cordoned: false };
  expect(detailOf({ ...event, data: { ...over, reason: null, until_ms: null } })).toBe("lifted");
  expect(detailOf({ ...event, data: { ...over, reason: "fans", until_ms: 1 } })).toBe("ran out");
});
