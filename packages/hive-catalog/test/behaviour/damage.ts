import { describe, expect, test } from "vitest";
import type { HiveRecord } from "../../src/model/hive.ts";
import type { DamagedHive } from "../../src/options.ts";
import { aHive } from "../../src/testing.ts";
import { refusalOf } from "../refusal.ts";
import type { Site } from "./site.ts";

const ID = "hive-b";

/** Each column, and what another program may have left in it. */
const DAMAGE: readonly (readonly [column: string, value: string])[] = [
  ["host", "CAST(x'6100' AS TEXT)"],
  ["host", "x'0c'"],
  ["host", "CAST(x'ff41' AS TEXT)"],
  ["host", "x'6162'"],
  ["port", "0"],
  ["port", "70000"],
  ["port", "9223372036854775807"],
  ["port", "'http'"],
  ["port", "x'4338363030'"],
  ["ssh_host", "x'00'"],
  ["ssh_port", "-1"],
  ["ssh_user", "CAST(x'80' AS TEXT)"],
  ["status", "'asleep'"],
  ["status", "'ONLINE'"],
  ["last_heartbeat_ms", "-1"],
  ["last_heartbeat_ms", "1.5"],
  ["last_heartbeat_ms", "1795880775482.001"],
  ["last_heartbeat_ms", "'yesterday'"],
  ["devices_json", "'{'"],
  ["devices_json", "'{\"cpu\":null}'"],
  ["devices_json", "x'ff'"],
  ["devices_json", "x'0b'"],
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
        const told: DamagedHive[] = [];
        const onCorruptHive = (hive: DamagedHive) => told.push(hive);
        expect(await catalog.getHives(["hive-a", ID, "hive-c"], { onCorruptHive })).toEqual(sound);
        expect(told).toMatchObject([{ id: ID, column }]);
        expect(await catalog.hiveExists(ID)).toBe(true);
        expect(await catalog.removeHive(ID)).toBe(true);
        expect(await catalog.countHives()).toBe(2);
      },
    );

    test("what input would refuse but is of the right kind is a hive as every other", async () => {
      await using site = await openSite();
      const reported: DamagedHive[] = [];
      const catalog = await site.open({ onCorruptHive: (hive) => reported.push(hive) });
      await catalog.addHive(aHive({ id: ID }));
      await site.run("UPDATE hives SET id = 'rack 1/ä', host = 'http://h', ssh_host = NULL");
      const odd = aHive({ id: "rack 1/ä", host: "http://h", sshHost: null });
      expect(await catalog.listHives()).toEqual([odd]);
      expect(await catalog.getHive(odd.id)).toEqual(odd);
      expect(await catalog.patchHive(odd.id, { port: 7 })).toMatchObject({ id: odd.id, port: 7 });
      expect(await catalog.updateHive({ ...odd, port: 8 })).toMatchObject({ id: odd.id, port: 8 });
      await catalog.updateHeartbeat(odd.id, 5);
      expect(await catalog.listHives({ after: "rack 1/" })).toMatchObject([{ lastHeartbeatMs: 5 }]);
      expect(await catalog.removeHive(odd.id)).toBe(true);
      expect(reported).toEqual([]);
    });

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
