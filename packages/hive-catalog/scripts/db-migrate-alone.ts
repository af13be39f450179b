// `db:migrate` of a build for production, where no drizzle-kit is installed.
import { migrateOurselves, runMigrateCommand } from "./migrate-command.ts";

await runMigrateCommand(migrateOurselves);
