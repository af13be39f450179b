import { afterAll, beforeAll, expect, test } from "vitest";
import { CatalogFile, SPECIFICATION_DDL } from "../catalog-file.ts";
import { startWorker, startWorkers } from "../processes.ts";

const OPENERS = 20;
const APPLIED = "SELECT hash, created_at FROM __drizzle_migrations ORDER BY created_at";
const OLD_ROWS = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 499)
  INSERT INTO hives SELECT 'old-' || i, 'h', 1, NULL, NULL, NULL, 'online', 5, NULL, 1, 2 FROM n`;

let openers: ReturnType<typeof startWorkers>;

beforeAll(async () => {
  openers = startWorkers(OPENERS, (index) => startWorker("opener", `opener-${index}`));
  for (const opener of openers.all) expect(await opener.nextLine()).toBe("ready");
}, 60_000);
afterAll(() => openers[Symbol.asyncDispose]());

test.each([
  ["fresh file", [], 0],
  ["old file with rows and pending migrations", [SPECIFICATION_DDL, OLD_ROWS], 500],
])(
  "twenty processes that open one %s at once all work on it, and each migration is applied once",
  async (_name, statements, oldRows) => {
    await using file = await CatalogFile.create(...statements);
    const counts = (await Promise.all(openers.all.map((opener) => opener.ask(file.path)))).map(Number);
    for (const count of counts) expect(count).toBeGreaterThan(oldRows);
    const counted = file.read("SELECT count(*), count(*) FILTER (WHERE id LIKE 'old-%') FROM hives");
    expect(counted).toEqual([[oldRows + OPENERS, oldRows]]);
    await using fresh = await CatalogFile.create();
    await (await fresh.open()).close();
    expect(file.read(APPLIED)).toEqual(fresh.read(APPLIED));
  },
  60_000,
);
