import { describe, expect, test } from "vitest";
import type { HiveCatalog } from "../../src/catalog.ts";
import { aHive } from "../../src/testing.ts";
import { refusalOf } from "../refusal.ts";
import type { Site } from "./site.ts";

const ID = aHive().id;

function openThree(site: Site): Promise<HiveCatalog[]> {
  return Promise.all([site.open(), site.open(), site.open()]);
}

export function describeRaces(name: string, openSite: () => Promise<Site>): void {
  describe(`${name}: several catalogs at once`, () => {
    test("of many openers of an empty database all succeed, and migrate it once", async () => {
      await using site = await openSite();
      const catalogs = await Promise.all(Array.from({ length: 8 }, () => site.open()));
      await catalogs[0]?.addHive(aHive());
      for (const catalog of catalogs) expect(await catalog.countHives()).toBe(1);
    });

    test("of adds of one id exactly one wins, and its record is the stored one", async () => {
      await using site = await openSite();
      const catalogs = await openThree(site);
      for (let round = 0; round < 5; round++) {
        const id = `hive-${round}`;
        const adds = catalogs.flatMap((catalog, queen) =>
          [0, 1].map((add) => catalog.addHive(aHive({ id, port: 1 + queen * 2 + add }))),
        );
        const answers = await Promise.allSettled(adds);
        const won = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
        expect(won).toHaveLength(1);
        expect(await catalogs[0]?.getHive(id)).toEqual(won[0]);
        for (const [index, { status }] of answers.entries()) {
          const add = adds[index];
          if (status === "rejected" && add) expect(await refusalOf(add)).toMatchObject({ code: "HIVE_ALREADY_EXISTS" });
        }
      }
    });

    test("of removes of one id exactly one finds it there", async () => {
      await using site = await openSite();
      const catalogs = await openThree(site);
      await catalogs[0]?.addHive(aHive());
      const answers = await Promise.all(
        catalogs.flatMap((catalog) => [catalog.removeHive(ID), catalog.removeHive(ID)]),
      );
      expect(answers.filter((found) => found)).toHaveLength(1);
    });

    test("patches of different fields of one hive all last", async () => {
      await using site = await openSite();
      const catalogs = await openThree(site);
      await catalogs[0]?.addHive(aHive());
      await Promise.all([
        catalogs[0]?.patchHive(ID, { port: 4711 }),
        catalogs[1]?.patchHive(ID, { host: "10.0.0.9" }),
        catalogs[2]?.patchHive(ID, { sshUser: "queen" }),
        catalogs[0]?.updateHiveStatus(ID, "online"),
        catalogs[1]?.updateDevices(ID, { cpu: null, gpus: [] }),
        catalogs[2]?.updateHeartbeat(ID, 99),
      ]);
      expect(await catalogs[0]?.getHive(ID)).toMatchObject({
        port: 4711,
        host: "10.0.0.9",
        sshUser: "queen",
        status: "online",
        devices: { cpu: null, gpus: [] },
        lastHeartbeatMs: 99,
      });
    });
  });
}
