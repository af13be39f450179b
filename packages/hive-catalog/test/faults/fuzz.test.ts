import { anyJson, mutated } from "@repo/test-support/fuzz";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { HiveCatalog } from "../../src/catalog.ts";
import { HiveCatalogError } from "../../src/errors.ts";
import { aHive } from "../../src/testing.ts";
import { CatalogFile } from "../catalog-file.ts";
import { allOf } from "../stream.ts";

const RUNS = 150;
const SEED = 1;
/** What a caller's mistake may give; anything else says that the mistake got through the door. */
const REFUSALS = ["INVALID_HIVE", "INVALID_ARGUMENT", "HIVE_NOT_FOUND", "HIVE_ALREADY_EXISTS", "OPERATION_IN_PROGRESS"];

const id = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("hive-1", "hive-2") },
  { weight: 2, arbitrary: fc.anything() },
);
const hive = fc.oneof(mutated(aHive({ id: "hive-1" })), mutated({ id: "hive-3", host: "h", port: 1 }), fc.anything());
const changes = fc.oneof(
  mutated({ host: "h", port: 7, sshHost: null, status: "online", devices: aHive().devices }),
  fc.anything(),
);
const devices = fc.oneof(mutated(aHive().devices), fc.anything());
const any = fc.oneof(fc.anything(), anyJson);
const page = fc.oneof(
  fc.constant(undefined),
  fc.record({ after: any, limit: any }, { requiredKeys: [] }),
  mutated({ after: "hive-1", limit: 3 }),
);
/** Among them what no option object can be. */
const options = fc.oneof({ weight: 4, arbitrary: page }, { weight: 1, arbitrary: any });
const status = fc.oneof(fc.constantFrom("unknown", "online", "offline"), any);
const number = fc.oneof(fc.nat(), any);

const HASH = "0".repeat(64);
const step = { name: "copy", state: "done", startedAtMs: 1, endedAtMs: 2, detail: "ok" };
const orAny = (sound: object) => fc.oneof(mutated(sound), fc.anything());
const cordon = orAny({ reason: "fans", untilMs: 8.64e15, createdAtMs: 1 });
const token = fc.oneof(
  orAny({ id: "t-1", name: "T", role: "reader", hash: HASH }),
  orAny({ id: "t-2", name: "T", role: "hive", hiveId: "hive-1", hash: HASH }),
);
const operation = orAny({ id: "o-1", hiveId: "hive-1", kind: "start", owner: "queen", deadlineMs: 5 });
const progress = orAny({ steps: [step], outputTail: "tail" });
const end = orAny({ state: "failed", problem: "why" });
const hostKey = orAny({ host: "h", port: 22, keyType: "ssh-rsa", publicKey: "AAAA" });
const recordId = fc.oneof(fc.constantFrom("t-1", "t-2", "o-1", "hive-1"), fc.anything());

/** A method of the catalog, or of one of its parts. */
const CALLS: [method: string, ...args: fc.Arbitrary<unknown>[]][] = [
  ["addHive", hive],
  ["updateHive", hive],
  ["patchHive", id, changes],
  ["updateHiveStatus", id, status],
  ["markOffline", id, number],
  ["updateHeartbeat", id, number],
  ["updateDevices", id, devices],
  ["removeHive", id],
  ["getHive", id],
  ["hiveExists", id],
  ["listHives", options],
  ["streamHives", fc.oneof(fc.record({ pageSize: number }), options)],
  ["findHivesByStatus", status, options],
  ["findOnlineHives", options],
  ["findOfflineHives", options],
  ["findStaleHives", number, fc.oneof(options, fc.record({ after: hive }))],
  ["findHivesWithDevices", options],
  ["findHivesWithoutDevices", options],
  ["countHives"],
  ["countByStatus", status],
  ["cordons.set", id, cordon],
  ["cordons.lift", id],
  ["cordons.get", id],
  ["cordons.list", options],
  ["tokens.add", token],
  ["tokens.get", recordId],
  ["tokens.revoke", recordId],
  ["operations.begin", operation],
  ["operations.save", recordId, progress],
  ["operations.finish", recordId, end],
  ["operations.get", recordId],
  ["operations.list", fc.oneof(options, fc.record({ hiveId: id }))],
  ["hostKeys.pin", hostKey],
  ["hostKeys.find", fc.oneof(fc.constant("h"), any), number],
  ["queens.renew", recordId],
  ["queens.remove", recordId],
  ["hostKeys.remove", fc.oneof(fc.constant("h"), any), number],
];

const READS = /(?:^|\.)(?:get|list|find|count|stream|hiveExists)/;

/** Every stored row is read back whole, alone and in the list, and none is damaged. */
async function expectSoundRows(catalog: HiveCatalog, damaged: unknown[]): Promise<void> {
  const hives = await catalog.listHives();
  expect(damaged).toEqual([]);
  expect(hives).toHaveLength(await catalog.countHives());
  for (const stored of hives) expect(await catalog.getHive(stored.id)).toEqual(stored);
  // Single reads reject what is damaged, where lists would only warn.
  const { cordons, tokens, operations, hostKeys } = catalog;
  for (const stored of await cordons.list()) expect(await cordons.get(stored.hiveId)).toEqual(stored);
  for (const stored of await tokens.list()) expect(await tokens.get(stored.id)).toMatchObject(stored);
  for (const stored of await operations.list()) expect(await operations.get(stored.id)).toEqual(stored);
  for (const stored of await hostKeys.list())
    expect(await hostKeys.find(stored.host, stored.port)).toContainEqual(stored);
}

/** How many rows there are, the damaged ones too. */
const ROWS =
  "SELECT (SELECT count(*) FROM cordons), (SELECT count(*) FROM tokens), (SELECT count(*) FROM operations), (SELECT count(*) FROM host_keys)";

test.each(CALLS)(
  "%s answers or refuses whatever it is given, and stores nothing that cannot be read back",
  async (method, ...args) => {
    await using file = await CatalogFile.migrated();
    const damaged: unknown[] = [];
    const catalog = await file.open({ onCorruptHive: (damage) => damaged.push(damage) });
    for (const one of ["hive-1", "hive-2"]) await catalog.addHive(aHive({ id: one }));
    const property = fc.asyncProperty(fc.tuple(...args), async (given) => {
      try {
        const [name = "", part] = method.split(".").reverse();
        const owner: object = part === undefined ? catalog : Reflect.get(catalog, part);
        const answer: unknown = Reflect.apply(Reflect.get(owner, name), owner, given);
        await (method === "streamHives" ? allOf(answer as AsyncIterable<unknown>) : answer);
      } catch (error) {
        if (!(error instanceof HiveCatalogError)) throw error;
        expect(REFUSALS, error.message).toContain(error.code);
      }
      // What a read would store is there at the end, too.
      if (!READS.test(method)) await expectSoundRows(catalog, damaged);
    });
    await fc.assert(property, { numRuns: RUNS, seed: SEED });
    await expectSoundRows(catalog, damaged);
    const { cordons, tokens, operations, hostKeys } = catalog;
    const sound = [
      await cordons.list(),
      await tokens.list(),
      await operations.list({ limit: 1000 }),
      await hostKeys.list(),
    ];
    expect(file.read(ROWS)).toEqual([sound.map(({ length }) => length)]);
  },
);

test("HiveCatalog.open opens or refuses with INVALID_ARGUMENT whatever options it is given", async () => {
  const given = fc.oneof(
    any,
    fc.record({ migrate: any, busyTimeoutMs: number, requestTimeoutMs: number }, { requiredKeys: [] }),
  );
  const property = fc.asyncProperty(given, async (openOptions) => {
    try {
      const catalog: HiveCatalog = await Reflect.apply(HiveCatalog.open, HiveCatalog, [":memory:", openOptions]);
      await expectSoundRows(catalog, []);
      await catalog.close();
    } catch (error) {
      expect(error).toMatchObject({ name: "HiveCatalogError", code: "INVALID_ARGUMENT" });
    }
  });
  await fc.assert(property, { numRuns: RUNS, seed: SEED });
});
