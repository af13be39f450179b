import { expect, test } from "vitest";
import { notingClient, planOf } from "../../test/noting-client.ts";
import { Calls } from "../calls.ts";
import { HIVE_STATUSES } from "../model/hive.ts";
import type { FindOptions } from "../options.ts";
import { HiveFinder } from "./finder.ts";

/** Of all hives: from the first one on, in the order of their ids. */
const ALL = "SCAN hives USING INDEX sqlite_autoindex_hives_1";
/** Each with the index that leads. */
const QUERIES: [FindOptions, string][] = [
  [{}, ALL],
  [{}, "hives USING INDEX sqlite_autoindex_hives_1 (id>?)"],
  [{ status: "online" }, "hives USING INDEX idx_hives_status_id (status=? AND id>?)"],
  [{ status: ["online"] }, "hives USING INDEX idx_hives_status_id (status=? AND id>?)"],
  [{ status: ["online", "offline"] }, "hives USING COVERING INDEX idx_hives_status_id (status=? AND id>? AND id<?)"],
  [{ status: HIVE_STATUSES }, ALL],
  [{ selector: "env=prod" }, "sqlite_autoindex_hive_labels_1 (key=? AND value=? AND hive_id>? AND hive_id<?)"],
  [{ selector: "zone in (a,b,c)" }, "sqlite_autoindex_hive_labels_1 (key=? AND value=? AND hive_id>? AND hive_id<?)"],
  [{ selector: "team" }, "hive_labels USING COVERING INDEX"],
  [{ selector: "a=b,c!=d,e in (f,g),h notin (i,j),k,!l" }, "hives USING INDEX sqlite_autoindex_hives_1 (id=?)"],
  [{ selector: "env!=prod,!team" }, "hives USING INDEX sqlite_autoindex_hives_1 (id>? AND id<?)"],
  [{ gpu: "h100:80GB:2" }, "sqlite_autoindex_hive_gpus_1 (model=? AND hive_id>? AND hive_id<?)"],
  [{ gpu: "nvidia:24GB..80GB" }, "hive_gpus USING INDEX idx_hive_gpus_hive (hive_id=?)"],
  [{ gpu: "0..0" }, "hive_gpus USING COVERING INDEX idx_hive_gpus_hive (hive_id=?)"],
  [{ ram: "64GB", cores: "8" }, "hives USING INDEX sqlite_autoindex_hives_1 (id>? AND id<?)"],
  [{ cordoned: true }, "cordons USING COVERING INDEX sqlite_autoindex_cordons_1 (hive_id>? AND hive_id<?)"],
  [{ descending: true }, ALL],
  [{ descending: true }, "hives USING INDEX sqlite_autoindex_hives_1 (id<?)"],
  [{ descending: true, status: "online" }, "hives USING INDEX idx_hives_status_id (status=? AND id<?)"],
  [
    { descending: true, status: ["offline", "unknown"] },
    "hives USING COVERING INDEX idx_hives_status_id (status=? AND id>? AND id<?)",
  ],
  [{ descending: true, gpu: "h100" }, "sqlite_autoindex_hive_gpus_1 (model=? AND hive_id>? AND hive_id<?)"],
  [{ ids: ["a", "b"] }, "hives USING INDEX sqlite_autoindex_hives_1 (id=?)"],
  [{ ids: ["a", "b"], status: "online", text: "a" }, "hives USING INDEX idx_hives_status_id (status=? AND id=?)"],
  [{ cordoned: false, text: "gpu" }, "hives USING INDEX sqlite_autoindex_hives_1 (id>? AND id<?)"],
];

test.each(QUERIES)("%j is led by an index: no table is scanned, and nothing is sorted", async (query, index) => {
  const { client, noting, statements } = await notingClient();
  const hive = (id: string) => `('${id}', 'h', 1, 'online', 0, 0)`;
  await client.execute({
    sql: `INSERT INTO hives (id, host, port, status, created_at_ms, updated_at_ms) VALUES ${hive("a")}, ${hive("b")}`,
    args: [],
  });
  await client.execute({
    sql: `INSERT INTO hive_gpus (hive_id, model, vendor, vram_gb, n, devices_hash) VALUES ('a', 'h100', 'nvidia', 80, 2, 0)`,
    args: [],
  });
  const access = { calls: new Calls(noting), now: () => 1, onDamage: () => {}, knowsGpus: () => true };
  const finder = new HiveFinder(access);
  await finder.page({ ...query, limit: 1 });
  await finder.page({ ...query, limit: 1, after: "a" });
  const plans: string[] = [];
  for (const statement of statements) {
    const steps = await planOf(client, statement);
    plans.push(...steps);
    const isAll = statement.sql.split("where").length === 1;
    const bad = steps.filter(
      (step) => /^SCAN (?:hives|hive_labels|hive_gpus|cordons)|TEMP B-TREE/.test(step) && !(isAll && step === ALL),
    );
    expect(bad, statement.sql).toEqual([]);
  }
  expect(
    plans.some((step) => step.includes(index)),
    plans.join("\n"),
  ).toBe(true);
  client.close();
});
