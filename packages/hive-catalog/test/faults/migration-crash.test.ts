import { expect, test } from "vitest";
import { CatalogFile, SPECIFICATION_DDL } from "../catalog-file.ts";
import { startWorker } from "../processes.ts";

const OLD_ROWS = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
  INSERT INTO hives SELECT 'old-' || i, 'h', 1, NULL, NULL, NULL, 'online', 5, NULL, 1, 2 FROM n`;
const SCHEMA = "SELECT type, name FROM sqlite_schema ORDER BY type, name";
const APPLIED = "SELECT hash, created_at FROM __drizzle_migrations ORDER BY created_at";
const AT_ONCE = 3;
const MAX_STATEMENTS = 200;

/** Whether the migration of this file was cut before statement `number`; false when it has fewer statements. */
async function cutBefore(number: number, path: string): Promise<boolean> {
  await using worker = startWorker("dying-migrator", path, String(number));
  try {
    await worker.nextLine();
    return false;
  } catch (error) {
    if (error instanceof Error && error.message.includes("(SIGKILL)")) return true;
    throw error;
  }
}

test.each([
  ["a fresh file", [], 0],
  ["an old file with rows", [SPECIFICATION_DDL, OLD_ROWS], 100],
])(
  "a migration of %s that is killed before any of its statements is complete after the next open, with all rows",
  async (_name, statements, rows) => {
    await using whole = await CatalogFile.create(...statements);
    await (await whole.open()).close();
    const [schema, applied] = [whole.read(SCHEMA), whole.read(APPLIED)];

    async function isCutAndMended(number: number): Promise<boolean> {
      await using file = await CatalogFile.create(...statements);
      const isCut = await cutBefore(number, file.path);
      const catalog = await file.open();
      expect(await catalog.countHives(), `cut before statement ${number}`).toBe(rows);
      expect(await catalog.listHives()).toHaveLength(rows);
      await catalog.close();
      expect(file.read(SCHEMA), `cut before statement ${number}`).toEqual(schema);
      expect(file.read(APPLIED), `cut before statement ${number}`).toEqual(applied);
      expect(file.read("PRAGMA integrity_check")).toEqual([["ok"]]);
      return isCut;
    }

    let cuts = 0;
    for (let first = 0; first < MAX_STATEMENTS; first += AT_ONCE) {
      const numbers = Array.from({ length: AT_ONCE }, (_, index) => first + index);
      const areCut = await Promise.all(numbers.map(isCutAndMended));
      cuts += areCut.filter(Boolean).length;
      if (areCut.includes(false)) break;
    }
    // Each migration has one statement at least, and one that notes it.
    expect(cuts).toBeGreaterThan(2 * applied.length);
    expect(cuts).toBeLessThan(MAX_STATEMENTS);
  },
  90_000,
);
