import { expect, test } from "vitest";
import { eventText } from "./events.ts";

test("a cordon that ran out is not said to be lifted", () => {
  const end = { hive_id: "gpu-01", cordoned: false };
  expect(eventText("cordon", { ...end, reason: null, until_ms: null })).toBe("uncordoned");
  expect(eventText("cordon", { ...end, reason: "fans", until_ms: 1 })).toBe("its cordon ran out: fans");
});
