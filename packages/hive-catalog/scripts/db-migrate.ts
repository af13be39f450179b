import { databaseUrl } from "../src/sql/location.ts";
import { CommandFailure } from "./command.ts";
import { runKit } from "./drizzle-kit.ts";
import { type Lacking, lackingMigrations, migrateOurselves, runMigrateCommand, stillLacks } from "./migrate-command.ts";

/** The kit exits without a word, and does not wait for a lock. The same migrations by our own code do wait, or tell the error. */
async function migrateByKit(catalog: Lacking): Promise<void> {
  const exitCode = await runKit(["migrate"], "ignore", { QUEEN_DATABASE: databaseUrl(catalog.location) });
  if (exitCode !== 0) {
    process.stderr.write(
      "db:migrate: drizzle-kit failed and gives no reason; trying again with the catalog's own migrator\n",
    );
    return migrateOurselves(catalog);
  }
  const skipped = await lackingMigrations();
  if (skipped.length === 0) return;
  throw new CommandFailure(
    `${catalog.name} ${stillLacks(skipped)}: drizzle-kit skips a migration that is dated before the last applied one; ` +
      `give it a later "when" in packages/hive-catalog/drizzle/meta/_journal.json`,
  );
}

await runMigrateCommand(migrateByKit);
