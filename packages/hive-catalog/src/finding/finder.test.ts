import { expect, test } from "vitest";
import { CatalogFile } from "../../test/catalog-file.ts";
import { checkPages } from "../../test/check-pages.ts";
import { ModelFleet } from "../../test/model-fleet.ts";
import { notingClient } from "../../test/noting-client.ts";
import { Random } from "../../test/random.ts";
import { Calls } from "../calls.ts";
import type { FindOptions } from "../options.ts";
import { openDatabase } from "../sql/open.ts";
import { HiveFinder } from "./finder.ts";

const FLEET = 400;
const NOW_MS = 1_761_040_800_000;
/** So that a small fleet has sources beyond the count, many windows and pages that end at the bound. */
const SMALL = { maxCounted: 12, maxWindow: 30, maxRows: 90 };

test.each([
  ["their rows", true],
  ["devices", false],
])(
  "with small bounds, and GPUs found by %s, the pages hold what a plain filter finds",
  async (_how, knowsGpus) => {
    await using file = await CatalogFile.create();
    const catalog = await file.open({ now: () => NOW_MS });
    const random = new Random(knowsGpus ? 21 : 22);
    const fleet = new ModelFleet(random);
    file.run(...fleet.fill(FLEET));
    await catalog.gpuRows.derive();
    const { client } = await openDatabase(file.path, { migrate: false, busyTimeoutMs: 1000 });
    const access = { calls: new Calls(client), now: () => NOW_MS, onDamage: () => {}, knowsGpus: () => knowsGpus };
    const finder = new HiveFinder(access, SMALL);
    const small = { findHives: (options: FindOptions) => finder.page(options) };
    // No hive meets it, and no index serves it: each page ends when all its windows are read.
    expect(await checkPages(small, fleet, { selector: "env notin (dev,prod,test),!env,!rack" }, 10)).toBeGreaterThan(3);
    for (let n = 0; n < 30; n++) {
      const query = fleet.query();
      await checkPages(small, fleet, query, random.pick([1, 7, 20, 100]));
      await checkPages(small, fleet, query, 20, () => fleet.change(catalog));
    }
    client.close();
    await catalog.close();
  },
  120_000,
);

const ids = (count: number) => `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1})`;
const addHives = (count: number) =>
  `INSERT INTO hives (id, host, port, created_at_ms, updated_at_ms) ${ids(count)} SELECT printf('hive-%04d', i), 'h', 1, 0, 0 FROM n`;
const addLabels = (count: number, key: string, value: string) =>
  `INSERT INTO hive_labels (hive_id, key, value) ${ids(count)} SELECT printf('hive-%04d', i), '${key}', ${value} FROM n`;

async function filled(...statements: string[]) {
  const noted = await notingClient();
  for (const sql of statements) await noted.client.execute({ sql, args: [] });
  const damage: string[] = [];
  const access = {
    calls: new Calls(noted.noting),
    now: () => 1,
    onDamage: (columns: readonly { id: string | null }[]) => damage.push(...columns.map(({ id }) => String(id))),
    knowsGpus: () => false,
  };
  return { ...noted, access, damage };
}

test("where one of some values is common, a page looks at as many hives as of one value alone", async () => {
  const { client, access } = await filled(
    addHives(1000),
    addLabels(1000, "zone", "'z' || iif(i < 993, 0, i - 992)"),
    addLabels(1000, "env", "'prod'"),
  );
  const finder = new HiveFinder(access, { maxCounted: 10, maxWindow: 64, maxRows: 320 });
  const { hives, nextAfter } = await finder.page({ selector: "zone in (z0,z1,z2,z3,z4,z5,z6,z7),!env" });
  expect([hives, nextAfter]).toEqual([[], "hive-0319"]);
  client.close();
});

test("a page by a label alone reads a window of those that have it, however many do", async () => {
  const { client, access, statements } = await filled(addHives(1000), addLabels(1000, "env", "'prod'"));
  const { hives } = await new HiveFinder(access, SMALL).page({ selector: "env=prod", limit: 10 });
  expect(hives).toHaveLength(10);
  const ends = statements.flatMap(({ args }) => args).filter((arg) => arg === "hive-0029");
  expect(ends.length).toBeGreaterThan(0);
  client.close();
});

test("a key that few hives have leads only where one window may hold them all", async () => {
  const { client, access, statements } = await filled(addHives(1000), addLabels(1000, "team", "'ml'"));
  const finder = new HiveFinder(access);
  const others = Array.from({ length: 15 }, (_, n) => `key-${n}!=x`).join(",");
  expect((await finder.page({ selector: `team,${others}`, text: "nowhere" })).hives).toEqual([]);
  // What 15 labels and a text cost lets a window have 181 hives.
  expect(statements.filter(({ sql }) => sql.includes("instr(lower")).length).toBeGreaterThanOrEqual(1000 / 182);
  client.close();
});

test("a page tells of the damaged rows that it read past, and leaves those behind its end to the next one", async () => {
  const { client, access, damage } = await filled(
    addHives(4),
    `UPDATE hives SET devices_json = '{"cpu":null,"gpus":[{"index":0,"name":"NVIDIA L4","vram_gb":24}]}'`,
    "UPDATE hives SET port = 'x' WHERE id IN ('hive-0000', 'hive-0002')",
  );
  const finder = new HiveFinder(access);
  const first = await finder.page({ gpu: "l4", limit: 1 });
  expect([first.hives[0]?.id, damage]).toEqual(["hive-0001", ["hive-0000"]]);
  const second = await finder.page({ gpu: "l4", limit: 1, after: "hive-0001" });
  expect([second.hives[0]?.id, damage]).toEqual(["hive-0003", ["hive-0000", "hive-0002"]]);
  client.close();
});
