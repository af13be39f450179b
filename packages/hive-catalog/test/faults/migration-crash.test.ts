import { copyFileSync, existsSync } from "node:fs";
import { expect, test } from "vitest";
import { CatalogFile, SPECIFICATION_DDL } from "../catalog-file.ts";
import { startWorker } from "../processes.ts";

const OLD_ROWS = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
  INSERT INTO hives SELECT 'old-' || i, 'h', 1, NULL, NULL, NULL, 'online', 5, NULL, 1, 2 FROM n`;
const SCHEMA = "SELECT type, name FROM sqlite_schema ORDER BY type, name";
const APPLIED = "SELECT hash, created_at FROM __drizzle_migrations ORDER BY created_at";

/** Migrates a file in another process. Calls `onHalt` before each statement, and kills the process there when that answers "kill". */
async function migrateInSteps(path: string, onHalt: (number: number) => unknown): Promise<void> {
  await using worker = startWorker("halting-migrator", path);
  let line = await worker.nextLine();
  for (let number = 0; line === "halted"; number++) {
    if ((await onHalt(number)) === "kill") {
      await worker.kill();
      return;
    }
    line = await worker.ask("go on");
  }
  expect(line).toBe("done");
}

/** What a process that is killed now would leave of its catalog. */
function copyFiles(from: string, to: string): void {
  for (const suffix of ["", "-wal", "-shm", "-journal"]) {
    if (existsSync(from + suffix)) copyFileSync(from + suffix, to + suffix);
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

    async function expectMended(file: CatalogFile, where: string): Promise<void> {
      const catalog = await file.open();
      expect(await catalog.countHives(), where).toBe(rows);
      expect(await catalog.listHives()).toHaveLength(rows);
      await catalog.close();
      expect(file.read(SCHEMA), where).toEqual(schema);
      expect(file.read(APPLIED), where).toEqual(applied);
      expect(file.read("PRAGMA integrity_check")).toEqual([["ok"]]);
    }

    let halts = 0;
    await using migrated = await CatalogFile.create(...statements);
    await migrateInSteps(migrated.path, async (number) => {
      await using left = await CatalogFile.create();
      copyFiles(migrated.path, left.path);
      await expectMended(left, `left before statement ${number}`);
      halts++;
    });
    // Each migration has one statement at least, and one that notes it.
    expect(halts).toBeGreaterThan(2 * applied.length);

    // The last halts are before the COMMIT, and after it.
    for (const halt of [0, Math.floor(halts / 2), halts - 2, halts - 1]) {
      await using killed = await CatalogFile.create(...statements);
      await migrateInSteps(killed.path, (number) => (number === halt ? "kill" : "go on"));
      await expectMended(killed, `killed before statement ${halt}`);
    }
  },
  90_000,
);
