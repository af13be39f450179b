import { describe, expect, test, vi } from "vitest";
import type { HiveCatalog } from "../../src/catalog.ts";
import type { DamagedRecord } from "../../src/options.ts";
import { aHive } from "../../src/testing.ts";
import { refusalOf } from "../refusal.ts";
import { anOperation, HASH, NOW_MS, PUBLIC_KEY, withHives } from "./samples.ts";
import type { Site } from "./site.ts";

type Damage = readonly (readonly [column: string, value: string])[];
type Table = {
  key: string;
  add: (catalog: HiveCatalog, id: string) => Promise<unknown>;
  read: (catalog: HiveCatalog, id: string) => Promise<unknown>;
  list: (catalog: HiveCatalog) => Promise<unknown[]>;
  /** What lists have for a damaged one; they leave it out by default. */
  standIn?: (id: string, column: string) => unknown;
  /** What another program may have left in a column. */
  damage: Damage;
};

const TABLES: Record<string, Table> = {
  cordons: {
    key: "hive_id",
    add: ({ cordons }, id) => cordons.set(id, { reason: "fans" }),
    read: ({ cordons }, id) => cordons.get(id),
    list: ({ cordons }) => cordons.list(),
    standIn: (hiveId, column) => ({
      hiveId,
      reason: `the stored cordon is damaged (${column}): cordon the hive anew, or uncordon it`,
      untilMs: null,
      createdAtMs: column === "created_at_ms" ? 0 : NOW_MS,
    }),
    damage: [
      ["reason", "CAST(x'ff41' AS TEXT)"],
      ["reason", "x'6162'"],
      ["until_ms", "'tomorrow'"],
      ["until_ms", "9223372036854775807"],
      ["until_ms", "1.5"],
      ["until_ms", "-1"],
      ["until_ms", "x'31'"],
      ["created_at_ms", "-1"],
    ],
  },
  tokens: {
    key: "id",
    add: ({ tokens }, id) => tokens.add({ id, name: id, role: "hive", hiveId: id, hash: HASH }),
    read: async ({ tokens }, id) => {
      const { hash, ...token } = (await tokens.get(id)) ?? { hash: "" };
      return token;
    },
    list: ({ tokens }) => tokens.list(),
    damage: [
      ["name", "CAST(x'ff' AS TEXT)"],
      ["role", "'root'"],
      ["hive_id", "x'61'"],
      ["hash", "upper(hash)"],
      ["created_at_ms", "1.5"],
      ["revoked_at_ms", "'never'"],
      ["expires_at_ms", "-1"],
      ["last_used_at_ms", "x'31'"],
    ],
  },
  operations: {
    key: "id",
    add: ({ operations }, id) => operations.begin(anOperation(id, id)),
    read: ({ operations }, id) => operations.get(id),
    list: ({ operations }) => operations.unfinished(),
    damage: [
      ["kind", "'reboot'"],
      ["state", "x'ff'"],
      ["owner", "CAST(x'c328' AS TEXT)"],
      ["steps_json", "'['"],
      ["steps_json", `'[{"name":"copy"}]'`],
      ["output_tail", "CAST(x'ff' AS TEXT)"],
      ["deadline_ms", "'soon'"],
    ],
  },
  host_keys: {
    key: "host",
    add: ({ hostKeys }, id) => hostKeys.pin({ host: id, port: 22, keyType: "ssh-rsa", publicKey: PUBLIC_KEY }),
    read: async ({ hostKeys }, id) => (await hostKeys.find(id, 22))[0],
    list: ({ hostKeys }) => hostKeys.list(),
    damage: [
      ["key_type", "'-oProxyCommand=x'"],
      ["public_key", "'???'"],
      ["pinned_at_ms", "x'00'"],
    ],
  },
};

export function describeDamagedRecords(name: string, openSite: () => Promise<Site>): void {
  describe(`${name}: records that another program damaged`, () => {
    test.each(Object.entries(TABLES))(
      "%s: a single read says which column, and lists tell with one warning each",
      async (table, { key, add, read, list, standIn, damage }) => {
        await using site = await openSite();
        const catalog = await withHives(site);
        const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
        const damaged = damage.map(([column, value], index) => ({ id: `damaged-${index}`, column, value }));
        await add(catalog, "a");
        for (const { id } of damaged) {
          await catalog.addHive(aHive({ id }));
          await add(catalog, id);
        }
        await add(catalog, "b");
        for (const { id, column, value } of damaged) {
          await site.run(`UPDATE ${table} SET ${column} = ${value} WHERE ${key} = '${id}'`);
        }
        for (const { id, column } of damaged) {
          const refusal = await refusalOf(read(catalog, id));
          expect(refusal.code).toBe("CORRUPT_RECORD");
          expect(refusal.problems.map(({ field }) => field)).toEqual([column]);
        }
        const sound = [await read(catalog, "a"), await read(catalog, "b")];
        const listed = new Set([...sound, ...(standIn ? damaged.map(({ id, column }) => standIn(id, column)) : [])]);
        for (let again = 0; again < 2; again++) expect(new Set(await list(catalog))).toEqual(listed);
        expect(warn.mock.calls.map(([warning]) => /'(damaged-\d)'/.exec(String(warning))?.[1]).sort()).toEqual(
          damaged.map(({ id }) => id),
        );
        warn.mockRestore();
      },
    );

    test("a damaged cordon keeps its end, if that is sound, and its columns are told to whoever lists it", async () => {
      await using site = await openSite();
      const clock = { nowMs: NOW_MS };
      const catalog = await withHives(site, clock);
      await catalog.cordons.set("a", { reason: "fans", untilMs: NOW_MS + 10 });
      await site.run("UPDATE cordons SET reason = x'61', created_at_ms = -1");
      const told: DamagedRecord[] = [];
      const list = () => catalog.cordons.list({ onCorruptRecord: (damage) => void told.push(damage) });
      expect(await list()).toMatchObject([{ hiveId: "a", untilMs: NOW_MS + 10 }]);
      expect(told.map(({ id, column }) => [id, column])).toEqual([
        ["a", "reason"],
        ["a", "created_at_ms"],
      ]);
      clock.nowMs += 10;
      expect(await list()).toEqual([]);
    });

    test.each([
      ["throws", () => fail()],
      ["rejects", async () => fail()],
    ])("an observer of damaged cordons that %s takes no cordon with it", async (_how, onCorruptRecord) => {
      await using site = await openSite();
      const catalog = await withHives(site);
      for (const id of ["a", "b"]) await catalog.cordons.set(id, { reason: id });
      await site.run("UPDATE cordons SET created_at_ms = -1 WHERE hive_id = 'a'");
      const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
      expect(await catalog.cordons.list({ onCorruptRecord })).toMatchObject([{ hiveId: "a" }, { hiveId: "b" }]);
      await vi.waitFor(() => expect(warn.mock.calls.map(String)).toEqual(["Error: the observer failed"]));
      warn.mockRestore();
    });

    test("a page of cordons is filled past those that name no hive", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
      for (const id of ["a", "b", "c"]) await catalog.cordons.set(id, { reason: id });
      await site.run(
        "UPDATE cordons SET hive_id = CAST(x'62ff' AS TEXT) WHERE hive_id = 'b'",
        "INSERT INTO cordons VALUES (CAST(x'6200' AS TEXT), 'x', NULL, 1), (x'62', 'x', NULL, 1)",
      );
      expect((await catalog.cordons.list({ limit: 2 })).map(({ hiveId }) => hiveId)).toEqual(["a", "c"]);
      expect((await catalog.cordons.list({ limit: 1, after: "a" })).map(({ hiveId }) => hiveId)).toEqual(["c"]);
      warn.mockRestore();
    });

    test("a revision whose bytes are no text is another version, and the next change renews it", async () => {
      await using site = await openSite();
      const { tokens, sessions } = await withHives(site);
      const change = async (id: string) => {
        await tokens.add({ id, name: id, role: "reader", hash: HASH });
        await sessions.add({ cookieHash: HASH, keyHash: HASH, tokenId: id, expiresAtMs: NOW_MS + 1 });
      };
      const versions: string[] = [];
      const note = async () => versions.push(await tokens.version(), await sessions.version());
      await change("a");
      await note();
      await site.run("UPDATE revisions SET revision = CAST(x'ff41' AS TEXT)");
      await note();
      await change("b");
      await note();
      expect(new Set(versions).size).toBe(versions.length);
    });

    test("verbs that need not read a damaged record replace it, end it or remove it", async () => {
      await using site = await openSite();
      const catalog = await withHives(site);
      for (const { add } of Object.values(TABLES)) await add(catalog, "a");
      await site.run("UPDATE cordons SET reason = ''", "UPDATE tokens SET role = 'root', revoked_at_ms = 'never'");
      await site.run("UPDATE operations SET owner = ''", "UPDATE host_keys SET public_key = ''");
      // What is not surely revoked counts: no door opens because the last token is damaged.
      expect(await catalog.tokens.count()).toBe(1);
      await catalog.tokens.add({ id: "b", name: "B", role: "reader", hash: HASH });
      await site.run("UPDATE tokens SET created_at_ms = 9223372036854775807");
      expect(await catalog.tokens.version()).toMatch(/^[\dA-F ]+$/);
      await site.run("DELETE FROM tokens WHERE id = 'b'");
      expect(await catalog.tokens.revoke("a")).toBe(true);
      expect(await catalog.tokens.count()).toBe(0);
      expect(await refusalOf(catalog.operations.begin(anOperation("o")))).toMatchObject({
        code: "OPERATION_IN_PROGRESS",
      });
      expect(await catalog.operations.finish("a", { state: "interrupted" })).toBe(true);
      expect(await catalog.operations.begin(anOperation("o"))).toMatchObject({ id: "o" });
      expect(await catalog.hostKeys.remove("a", 22)).toBe(true);
      expect(await catalog.hostKeys.find("a", 22)).toEqual([]);
      expect(await catalog.cordons.set("a", { reason: "whole" })).toMatchObject({ reason: "whole" });
      expect(await catalog.cordons.list()).toEqual([await catalog.cordons.get("a")]);
      await site.run("UPDATE cordons SET until_ms = 'never'");
      expect(await catalog.cordons.lift("a")).toBe(true);
      expect(await catalog.cordons.get("a")).toBeUndefined();
    });
  });
}

function fail(): never {
  throw new Error("the observer failed");
}
