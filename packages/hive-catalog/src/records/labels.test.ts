import { expect, test } from "vitest";
import { notingClient } from "../../test/noting-client.ts";
import { Calls } from "../calls.ts";
import { DamageWarnings } from "../sql/damage-warnings.ts";
import { HiveLabels } from "./labels.ts";

test("however many keys are asked for, one statement counts the hives of at most 100, and the event loop turns in between", async () => {
  const { client, noting, statements } = await notingClient();
  await client.execute({
    sql: `INSERT INTO hive_labels (hive_id, key, value)
      WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999) SELECT printf('hive-%03d', i % 400), printf('key-%03d', i / 400), 'x' FROM n`,
    args: [],
  });
  const labels = new HiveLabels({ calls: new Calls(noting), now: () => 1, warnings: new DamageWarnings() });
  let isOver = false;
  let turns = 0;
  const count = () => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const keys = await labels.keys({ limit: 1000 });
  isOver = true;
  expect(keys.map(({ key }) => key)).toEqual(
    Array.from({ length: 250 }, (_, n) => `key-${String(n).padStart(3, "0")}`),
  );
  expect(keys.every(({ count, values }) => count === 400 && values[0]?.count === 400)).toBe(true);
  const listing = statements.filter(({ sql }) => sql.includes("> CAST(? AS TEXT)"));
  expect(listing.map(({ args }) => args.at(-1))).toEqual([100, 100, 100]);
  expect(turns).toBeGreaterThanOrEqual(3);
  client.close();
});
