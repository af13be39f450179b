import { describe, expect, test } from "vitest";
import { aHive } from "../../src/testing.ts";
import { refusalOf } from "../refusal.ts";
import type { Site } from "./site.ts";

const NOW_MS = 1_761_040_800_000;
const ID = aHive().id;

export function describeHeartbeats(name: string, openSite: () => Promise<Site>): void {
  describe(`${name}: heartbeats`, () => {
    test("a beat changes the last heartbeat alone, and never moves it back", async () => {
      await using site = await openSite();
      const catalog = await site.open({ now: () => NOW_MS });
      const added = await catalog.addHive(aHive());
      for (const [timestampMs, stored] of [
        [NOW_MS - 5, NOW_MS - 5],
        [NOW_MS - 9, NOW_MS - 5],
        [NOW_MS - 5, NOW_MS - 5],
        [NOW_MS, NOW_MS],
      ] as const) {
        await catalog.updateHeartbeat(ID, timestampMs);
        expect(await catalog.getHive(ID)).toEqual({ ...added, lastHeartbeatMs: stored });
      }
    });

    test("a stored beat more than a minute ahead of the clock gives way to the next one", async () => {
      await using site = await openSite();
      const catalog = await site.open({ now: () => NOW_MS });
      await catalog.addHive(aHive({ id: "jumped", lastHeartbeatMs: NOW_MS + 60_001 }));
      await catalog.addHive(aHive({ id: "ahead", lastHeartbeatMs: NOW_MS + 60_000 }));
      await Promise.all([catalog.updateHeartbeat("jumped", NOW_MS), catalog.updateHeartbeat("ahead", NOW_MS)]);
      expect((await catalog.getHive("jumped"))?.lastHeartbeatMs).toBe(NOW_MS);
      expect((await catalog.getHive("ahead"))?.lastHeartbeatMs).toBe(NOW_MS + 60_000);
    });

    test("of beats that share a commit each gets its own answer, and the latest of one hive wins", async () => {
      await using site = await openSite();
      const commits: number[] = [];
      const catalog = await site.open({ now: () => NOW_MS, onCommit: ({ size }) => commits.push(size) });
      const ids = Array.from({ length: 40 }, (_, index) => `hive-${index}`);
      await Promise.all(ids.map((id) => catalog.addHive(aHive({ id }))));
      const beats = [
        ...ids.map((id, index) => catalog.updateHeartbeat(id, NOW_MS - index)),
        catalog.updateHeartbeat("hive-7", NOW_MS + 1),
        catalog.updateHeartbeat("hive-7", NOW_MS - 100),
        catalog.updateHeartbeat("nobody", NOW_MS),
      ];
      const answers = await Promise.allSettled(beats);
      expect(answers.map(({ status }) => status)).toEqual([...beats.slice(1).map(() => "fulfilled"), "rejected"]);
      expect(await refusalOf(beats.at(-1) ?? Promise.resolve())).toMatchObject({
        code: "HIVE_NOT_FOUND",
        hiveId: "nobody",
      });
      expect(commits).toEqual([beats.length]);
      const other = await site.open();
      for (const [index, id] of ids.entries()) {
        expect((await other.getHive(id))?.lastHeartbeatMs).toBe(index === 7 ? NOW_MS + 1 : NOW_MS - index);
      }
    });

    test("a beat that was answered is there for every other catalog", async () => {
      await using site = await openSite();
      const [one, other] = [await site.open(), await site.open()];
      await one.addHive(aHive());
      for (let beat = 1; beat <= 20; beat++) {
        await (beat % 2 === 0 ? one : other).updateHeartbeat(ID, beat);
        expect((await (beat % 2 === 0 ? other : one).getHive(ID))?.lastHeartbeatMs).toBe(beat);
      }
    });
  });
}
