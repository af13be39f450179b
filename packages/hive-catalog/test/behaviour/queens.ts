import { describe, expect, test } from "vitest";
import { QUEEN_GONE_AFTER_MS } from "../../src/records/queens.ts";
import type { Site } from "./site.ts";

export function describeQueens(name: string, openSite: () => Promise<Site>): void {
  describe(`${name}: queens`, () => {
    test("each that says so is there for all, in the order in which they began, until she ends", async () => {
      await using site = await openSite();
      // Whatever the clocks of the queens' machines say.
      const [one, other] = [await site.open({ now: () => 1 }), await site.open({ now: () => 9_000_000_000_000 })];
      await one.queens.renew("b");
      await other.queens.renew("a");
      const [b, a] = await one.queens.list();
      expect([b?.id, a?.id]).toEqual(["b", "a"]);
      await site.run("UPDATE queens SET seen_at_ms = seen_at_ms - 1000");
      await one.queens.renew("b");
      const [renewed] = await other.queens.list();
      expect(renewed?.startedAtMs).toBe(b?.startedAtMs);
      expect(renewed?.seenAtMs).toBeGreaterThanOrEqual(b?.seenAtMs ?? Number.NaN);
      for (const id of ["b", "b", "\0"]) await one.queens.remove(id);
      expect((await other.queens.list()).map(({ id }) => id)).toEqual(["a"]);
    });

    test.each([
      ["has not said so for a while", `seen_at_ms - ${QUEEN_GONE_AFTER_MS + 1}`],
      ["said so by a clock that was set back since", `seen_at_ms + ${2 * QUEEN_GONE_AFTER_MS}`],
      ["has a damaged row", "'soon'"],
    ])("one that %s is gone, and forgotten when another renews, until she says so again", async (_what, seenAt) => {
      await using site = await openSite();
      const catalog = await site.open();
      const ids = async () => (await catalog.queens.list()).map(({ id }) => id);
      await catalog.queens.renew("killed");
      await site.run(`UPDATE queens SET seen_at_ms = ${seenAt}`);
      expect(await ids()).toEqual([]);
      await catalog.queens.renew("runs");
      expect(await ids()).toEqual(["runs"]);
      await catalog.queens.renew("killed");
      expect(await ids()).toEqual(["runs", "killed"]);
    });
  });
}
