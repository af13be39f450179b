import { join } from "node:path";
import { HiveCatalog } from "@repo/hive-catalog";
import Database from "libsql";
import { beatAt, hiveId, makeFleet } from "./harness/fleet.ts";
import { inTurn, medianOf, type Operation } from "./harness/measure.ts";
import { absolute, type Benchmark } from "./harness/result.ts";

const SIZE = 100_000;
const CALLS = 20;

export const records: Benchmark = {
  name: "records",
  async run({ folder, quick, progress }) {
    progress(`filling a file with ${SIZE} hives, operations and tokens`);
    const path = join(folder, "records.db");
    await makeFleet(path, { size: SIZE, devices: "kinds" });
    fillRecords(path);
    const catalog = await HiveCatalog.open(path, { now: () => beatAt });
    const medianMs = async (operation: Operation) => {
      const { us } = await inTurn({ us: medianOf(operation, CALLS) }, { rounds: quick ? 1 : 5, warmUp: 0 });
      return us.map((figure) => figure / 1000);
    };
    const row = { point: 10, unit: "ms" } as const;
    progress("removeHive");
    const removing = absolute({
      ...row,
      what: `removeHive, ${SIZE} hives with one finished operation each`,
      meaning:
        "One hive leaves; what is kept of its operations is settled in the same transaction. No other write gets in meanwhile.",
      ours: await medianMs((n) => remove(catalog, hiveId((n * 7919) % SIZE))),
      limit: { atMost: 5 },
    });
    progress("tokens.version");
    const version = absolute({
      ...row,
      what: `tokens.version, ${SIZE} tokens`,
      meaning: "Whether a copy of the tokens is still right: a queen asks every two seconds.",
      ours: await medianMs(() => catalog.tokens.version()),
      limit: { atMost: 1 },
    });
    await catalog.close();
    return [removing, version];
  },
};

async function remove(catalog: HiveCatalog, id: string): Promise<void> {
  if (!(await catalog.removeHive(id))) throw new Error(`${id} was not there`);
}

/** A finished operation of every hive, and as many tokens, which belong to no hive. */
function fillRecords(path: string): void {
  const numbers = `WITH RECURSIVE numbers(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < ${SIZE})`;
  const database = new Database(path);
  database.exec("PRAGMA synchronous = OFF");
  database.exec(`${numbers}
    INSERT INTO operations (id, hive_id, kind, state, owner, created_at_ms, deadline_ms, finished_at_ms, steps_json, output_tail)
    SELECT printf('operation-%07d', i), printf('hive-%07d', i), 'restart', 'succeeded', 'queen', ${beatAt}, ${beatAt} + 60000, ${beatAt} + 5000, '[]', ''
    FROM numbers`);
  database.exec(`${numbers}
    INSERT INTO tokens (id, name, role, hash, created_at_ms)
    SELECT printf('token-%07d', i), printf('reader %d', i), 'reader', printf('%064x', i), ${beatAt} + i FROM numbers`);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
}
