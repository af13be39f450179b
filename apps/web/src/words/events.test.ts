import { expect, test } from "vitest";
import { eventText } from "./events.ts";

test("a cordon that ran out is not said to be lifted", () => {
  const end = { hive_id: "gpu-01", cordoned: false };
  expect(eventText("cordon", { ...end, reason: null, until_ms: null })).toBe("uncordoned");
  expect(eventText("cordon", { ...end, reason: "fans", until_ms: 1 })).toBe("its cordon ran out: fans");
});

test("where a hive was added is said as its address is everywhere", () => {
  const added = (host: string) => eventText("hive_added", { hive_id: "gpu-01", host, port: 8600, status: "unknown" });
  expect([added("10.0.1.17"), added("fd00::4")]).toEqual(["added, at 10.0.1.17:8600", "added, at [fd00::4]:8600"]);
});
