import { describe, expect, test } from "vitest";
import type { DamagedHive } from "../../src/hives/damage.ts";
import type { HiveRecord } from "../../src/model/hive.ts";
import { aHive } from "../../src/testing.ts";
import { refusalOf } from "../refusal.ts";
import type { Site } from "./site.ts";

const ID = "hive-b";

/** Each column, and what another program may have left in it. */
const DAMAGE: readonly (readonly [column: string, value: string])[] = [
  ["host", "''"],
  ["host", "CAST(x'ff41' AS TEXT)"],
  ["host", "x'6162'"],
  ["port", "0"],
  ["port", "70000"],
  ["port", "9223372036854775807"],
  ["port", "'http'"],
  ["ssh_host", "'a b'"],
  ["ssh_port", "-1"],
  ["ssh_user", "'-oProxyCommand=x'"],
  ["status", "'asleep'"],
  ["status", "'ONLINE'"],
  ["last_heartbeat_ms", "-1"],
  ["last_heartbeat_ms", "1.5"],
  ["last_heartbeat_ms", "'yesterday'"],
  ["devices_json", "'{'"],
  ["devices_json", "'{\"cpu\":null}'"],
  ["devices_json", "x'ff'"],
  ["created_at_ms", "9007199254740993"],
  ["updated_at_ms", "''"],
];

export function describeDamage(name: string, openSite: () => Promise<Site>): void {
  describe(`${name}: rows that another program damaged`, () => {
    test.each(DAMAGE)(
      "%s = %s: getHive says which column, lists leave that hive out and report it",
      async (...damage) => {
        const [column, value] = damage;
        await using site = await openSite();
        const reported: DamagedHive[] = [];
        const catalog = await site.open({ onCorruptHive: (hive) => reported.push(hive) });
        const sound: HiveRecord[] = [await catalog.addHive(aHive({ id: "hive-a" }))];
        await catalog.addHive(aHive({ id: ID }));
        sound.push(await catalog.addHive(aHive({ id: "hive-c" })));
        await site.run(`UPDATE hives SET ${column} = ${value} WHERE id = '${ID}'`);

        const refusal = await refusalOf(catalog.getHive(ID));
        expect(refusal).toMatchObject({ code: "CORRUPT_HIVE", hiveId: ID });
        expect(refusal.problems.map(({ field }) => field)).toEqual([column]);
        expect(await catalog.listHives()).toEqual(sound);
        expect(reported).toMatchObject([{ id: ID, column }]);
        expect(await catalog.listHives({ limit: 2 })).toEqual(sound);
        expect(await catalog.hiveExists(ID)).toBe(true);
        expect(await catalog.removeHive(ID)).toBe(true);
        expect(await catalog.countHives()).toBe(2);
      },
    );

    test("a change that names every damaged column makes the hive sound again", async () => {
      await using site = await openSite();
      const catalog = await site.open();
      await catalog.addHive(aHive({ id: ID }));
      await site.run(`UPDATE hives SET port = 'x', devices_json = '{' WHERE id = '${ID}'`);
      expect(await refusalOf(catalog.patchHive(ID, { port: 5 }))).toMatchObject({ code: "CORRUPT_HIVE", hiveId: ID });
      await catalog.updateDevices(ID, { cpu: null, gpus: [] });
      expect(await catalog.getHive(ID)).toMatchObject({ port: 5, devices: { cpu: null, gpus: [] } });
    });
  });
}
