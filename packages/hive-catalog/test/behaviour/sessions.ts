import { describe, expect, test } from "vitest";
import { mintSession, secretHash } from "../../src/records/token-secrets.ts";
import { HASH, NOW_MS, withHives } from "./samples.ts";
import type { Site } from "./site.ts";

const HOUR_MS = 3_600_000;

export function describeSessions(name: string, openSite: () => Promise<Site>): void {
  describe(`${name}: sessions`, () => {
    async function withTokens(site: Site, ...ids: string[]) {
      const clock = { nowMs: NOW_MS };
      const catalog = await withHives(site, clock);
      for (const id of ids) await catalog.tokens.add({ id, name: id, role: "operator", hash: HASH });
      const logIn = (tokenId: string) => {
        const { cookieHash, keyHash } = mintSession();
        return catalog.sessions.add({ cookieHash, keyHash, tokenId, expiresAtMs: clock.nowMs + HOUR_MS });
      };
      return { clock, catalog, logIn };
    }

    test("one is stored by the hashes of what it shows, found, listed and removed", async () => {
      await using site = await openSite();
      const { catalog } = await withTokens(site, "t");
      const { cookie, key, cookieHash, keyHash } = mintSession();
      expect([secretHash(cookie), secretHash(key)]).toEqual([cookieHash, keyHash]);
      const begun = await catalog.sessions.add({ cookieHash, keyHash, tokenId: "t", expiresAtMs: NOW_MS + 1 });
      const added = { cookieHash, keyHash, tokenId: "t", createdAtMs: NOW_MS, expiresAtMs: NOW_MS + 1 };
      expect(begun).toEqual({ session: added, ended: [] });
      const other = await site.open();
      expect(await other.sessions.get(cookieHash)).toEqual(added);
      expect(await other.sessions.list()).toEqual([added]);
      await other.sessions.remove(cookieHash);
      await other.sessions.remove(cookieHash);
      expect([await catalog.sessions.get(cookieHash), await catalog.sessions.get("no id")]).toEqual([
        undefined,
        undefined,
      ]);
    });

    test("there is none for a token that is not there or revoked, and revoking one ends its own alone", async () => {
      await using site = await openSite();
      const { catalog, logIn } = await withTokens(site, "t", "u");
      expect(await logIn("nobody")).toBeUndefined();
      await logIn("t");
      const left = await logIn("u");
      await catalog.tokens.revoke("t");
      expect(await logIn("t")).toBeUndefined();
      expect(await catalog.sessions.list()).toEqual([left?.session]);
      await catalog.tokens.revoke("u", { unlessLastOperator: true });
      expect(await catalog.sessions.list()).toEqual([left?.session]);
    });

    test("to remove a hive ends the sessions of its tokens, and no others", async () => {
      await using site = await openSite();
      const { catalog, logIn } = await withTokens(site, "t");
      for (const hiveId of ["a", "b"])
        await catalog.tokens.add({ id: hiveId, name: hiveId, role: "hive", hiveId, hash: HASH });
      await logIn("a");
      const left = [await logIn("b"), await logIn("t")];
      const other = await site.open();
      const version = await other.sessions.version();
      await catalog.removeHive("a");
      expect(await other.sessions.list()).toEqual(left.map((begun) => begun?.session));
      expect(await other.sessions.version()).not.toBe(version);
    });

    test("one more than 16 of a token ends the first of it, and one more than 4,096 the first of all", async () => {
      await using site = await openSite();
      const { catalog, logIn } = await withTokens(site, "t", "u");
      const ofOther = await logIn("u");
      const begun = [];
      const ended = [];
      for (let n = 0; n < 18; n++) {
        const one = await logIn("t");
        begun.push(one?.session);
        ended.push(...(one?.ended ?? []));
      }
      expect(await catalog.sessions.list()).toEqual([ofOther?.session, ...begun.slice(2)]);
      expect(ended).toEqual(begun.slice(0, 2).map((one) => one?.cookieHash));
      await site.run(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4080)
        INSERT INTO sessions SELECT printf('%064d', i), '${HASH}', 'other-' || i, 1, ${NOW_MS + HOUR_MS} FROM n`);
      expect((await logIn("u"))?.ended).toEqual(
        [ofOther, { session: begun[2] }].map((one) => one?.session?.cookieHash),
      );
      const left = await catalog.sessions.list();
      expect([left.length, left[0]]).toEqual([4096, begun[3]]);
    });

    test("those that have expired go when the next one begins", async () => {
      await using site = await openSite();
      const { clock, catalog, logIn } = await withTokens(site, "t");
      await logIn("t");
      clock.nowMs += HOUR_MS;
      const next = await logIn("t");
      expect(await catalog.sessions.list()).toEqual([next?.session]);
    });

    test("their version changes with each that begins or ends, and with nothing else", async () => {
      await using site = await openSite();
      const { catalog, logIn } = await withTokens(site, "t", "u");
      const other = await site.open();
      const versions = [await other.sessions.version()];
      const first = await logIn("t");
      versions.push(await other.sessions.version());
      await catalog.sessions.remove(first?.session.cookieHash ?? "");
      versions.push(await other.sessions.version());
      await logIn("t");
      versions.push(await other.sessions.version());
      await catalog.tokens.revoke("t");
      versions.push(await other.sessions.version());
      expect(new Set(versions).size).toBe(versions.length);
      await catalog.sessions.remove(HASH);
      await catalog.tokens.revoke("u");
      expect(await other.sessions.version()).toBe(versions.at(-1));
    });
  });
}
