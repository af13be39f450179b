import { expect, test } from "vitest";
import { CatalogFile, SPECIFICATION_DDL } from "../catalog-file.ts";
import { startWorker, startWorkers } from "../processes.ts";

const OPENERS = 20;
const APPLIED = "SELECT hash, created_at FROM __drizzle_migrations ORDER BY created_at";
const OLD_ROWS = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 499)
  INSERT INTO hives SELECT 'old-' || i, 'h', 1, NULL, NULL, NULL, 'online', 5, NULL, 1, 2 FROM n`;

test.each([
  ["fresh file", [], 0],
  ["old file with rows and pending migrations", [SPECIFICATION_DDL, OLD_ROWS], 500],
])(
  "twenty processes that open one %s at once all work on it, and each migration is applied once",
  async (_name, statements, oldRows) => {
    await using file = await CatalogFile.create(...statements);
    await using workers = startWorkers(OPENERS, (index) => startWorker("opener", file.path, `opener-${index}`));
    for (const worker of workers.all) expect(await worker.nextLine()).toBe("ready");
    const counts = (await Promise.all(workers.all.map((worker) => worker.ask("go")))).map(Number);
    for (const count of counts) expect(count).toBeGreaterThan(oldRows);
    expect(file.read("SELECT count(*), count(*) FILTER (WHERE id LIKE 'old-%') FROM hives")).toEqual([
      [oldRows + OPENERS, oldRows],
    ]);
    await using fresh = await CatalogFile.create();
    await (await fresh.open()).close();
    expect(file.read(APPLIED)).toEqual(fresh.read(APPLIED));
  },
  60_000,
);
