import { expect, test } from "vitest";
import { type HiveRow, statusText } from "./hive-columns.ts";

test("a status says all that keeps work from a hive, and of one that is not online not that it is unreachable", () => {
  const row = (value: string, more: object = {}) =>
    ({
      status: { value },
      cordon: null,
      probation_until_ms: null,
      unreachable_since_ms: null,
      not_beating: null,
      ...more,
    }) as HiveRow;
  const cordon = { reason: "fans", until_ms: null, created_at_ms: 1 };
  const all = { cordon, probation_until_ms: 1, unreachable_since_ms: 1 };
  expect(statusText(row("online"))).toBe("online");
  expect(statusText(row("online", all))).toBe("online,cordoned,probation,unreachable");
  expect(statusText(row("offline", all))).toBe("offline,cordoned,probation");
  expect(statusText(row("online", { not_beating: "no_token" }))).toBe("online,not-beating");
});
