import * as fc from "fast-check";
import { expect, test } from "vitest";
import { HiveCatalog } from "../../src/catalog.ts";
import { HiveCatalogError } from "../../src/errors.ts";
import { aHive } from "../../src/testing.ts";
import { CatalogFile } from "../catalog-file.ts";
import { anyJson, mutated } from "../fuzz.ts";
import { allOf } from "../stream.ts";

const RUNS = 150;
const SEED = 1;
/** What a caller's mistake may give; anything else says that the mistake got through the door. */
const REFUSALS = ["INVALID_HIVE", "INVALID_ARGUMENT", "HIVE_NOT_FOUND", "HIVE_ALREADY_EXISTS"];

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

type Method = Exclude<keyof HiveCatalog & string, "cordons" | "tokens" | "operations" | "hostKeys">;
const CALLS: [method: Method, ...args: fc.Arbitrary<unknown>[]][] = [
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
];

/** Every stored row is read back whole, alone and in the list, and none is damaged. */
async function expectSoundRows(catalog: HiveCatalog, damaged: unknown[]): Promise<void> {
  const hives = await catalog.listHives();
  expect(damaged).toEqual([]);
  expect(hives).toHaveLength(await catalog.countHives());
  for (const stored of hives) expect(await catalog.getHive(stored.id)).toEqual(stored);
}

test.each(CALLS)(
  "%s answers or refuses whatever it is given, and stores nothing that cannot be read back",
  async (method, ...args) => {
    await using file = await CatalogFile.create();
    const damaged: unknown[] = [];
    const catalog = await file.open({ onCorruptHive: (damage) => damaged.push(damage) });
    for (const one of ["hive-1", "hive-2"]) await catalog.addHive(aHive({ id: one }));
    const property = fc.asyncProperty(fc.tuple(...args), async (given) => {
      try {
        const answer: unknown = Reflect.apply(Reflect.get(catalog, method), catalog, given);
        await (method === "streamHives" ? allOf(answer as AsyncIterable<unknown>) : answer);
      } catch (error) {
        if (!(error instanceof HiveCatalogError)) throw error;
        expect(REFUSALS, error.message).toContain(error.code);
      }
      await expectSoundRows(catalog, damaged);
    });
    await fc.assert(property, { numRuns: RUNS, seed: SEED });
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
