import { relative } from "node:path";
import { Command } from "commander";
import { toCatalogError } from "../src/drivers/errors.ts";
import { HiveCatalogError } from "../src/errors.ts";
import { readingFrom } from "../src/maintenance/source.ts";
import { makeFile } from "../src/sql/files.ts";
import { type Location, parseLocation, realPathOf, redacted } from "../src/sql/location.ts";
import { knownMigrations, migrationNames, readMigrationState } from "../src/sql/migrations.ts";
import { openDatabase } from "../src/sql/open.ts";
import { runCommand, UsageError } from "./command.ts";
import { databaseSettings } from "./database-settings.ts";

const HELP_AFTER = `
Environment:
  QUEEN_DATABASE             a path, or a URL: file:, libsql:, http:, https:, ws:, wss:
                             (default: data/hives.db in the working folder)
  QUEEN_DATABASE_AUTH_TOKEN  token of a database server (default: none)

Exit codes: 0 up to date, 1 failed, 2 called wrongly.
Example: QUEEN_DATABASE=/var/lib/queen/hives.db pnpm db:migrate`;

/** How long to wait for another process that holds the lock, and for an answer of a server. */
const TIMEOUTS = { busyTimeoutMs: 5000, requestTimeoutMs: 10_000 };

/** A catalog that lacks migrations, by their names. */
export type Lacking = { readonly location: string; readonly name: string; readonly pending: readonly string[] };

const { location, authToken } = databaseSettings();

/** The command `db:migrate`, with `apply` for what applies the migrations. */
export function runMigrateCommand(apply: (catalog: Lacking) => Promise<void>): Promise<void> {
  const command = new Command("pnpm db:migrate")
    .description(
      "Brings the tables of a catalog up to date, and makes the catalog where there is none. " +
        "A database that is no hive catalog, or that a newer version has changed, is refused and left as it is.",
    )
    .addHelpText("after", HELP_AFTER);
  return runCommand("db:migrate", command, () => migrate(apply).catch(asUsageError));
}

async function migrate(apply: (catalog: Lacking) => Promise<void>): Promise<string> {
  const parsed = readLocation();
  const name = displayed(parsed);
  const pending = await lackingMigrations();
  if (pending.length === 0) return `${name} is up to date`;
  if (parsed.kind === "file") makeNew(parsed.path);
  await apply({ location, name, pending });
  const left = await lackingMigrations();
  if (left.length > 0)
    throw new HiveCatalogError("CATALOG_READ_ONLY", `${name} cannot be written: it ${stillLacks(left)}`);
  return `${name}: applied ${pending.length} migration${pending.length === 1 ? "" : "s"}: ${pending.join(", ")}`;
}

export const stillLacks = (migrations: readonly string[]): string => `still lacks ${migrations.join(", ")}`;

/** The names of the migrations that the catalog lacks: every one where there is none yet. */
export async function lackingMigrations(): Promise<readonly string[]> {
  try {
    (await openDatabase(location, { authToken, migrate: false, ...TIMEOUTS })).client.close();
    return [];
  } catch (error) {
    if (!(error instanceof HiveCatalogError) || error.code !== "CATALOG_NOT_MIGRATED") throw error;
  }
  const state = await readingFrom(location, { authToken }, ({ reader }) => readMigrationState(reader)).catch(
    () => undefined,
  );
  return migrationNames(state?.pending ?? knownMigrations());
}

/** By the catalog's own code, which waits for a lock. */
export async function migrateOurselves({ name, pending }: Lacking): Promise<void> {
  try {
    const options = { authToken, migrate: true, ...TIMEOUTS };
    (await openDatabase(location, options)).client.close();
  } catch (error) {
    const { code, message, cause } = toCatalogError(error);
    // What the database itself says of a migration.
    const reason = cause instanceof Error ? `${message}: ${cause.message}` : message;
    throw new HiveCatalogError(code, `${name} ${stillLacks(pending)}: ${reason}`, { cause: error });
  }
}

function readLocation(): Exclude<Location, { kind: "memory" }> {
  const parsed = parseLocation(location);
  if (parsed.kind !== "memory") return parsed;
  throw new UsageError("QUEEN_DATABASE must be a file or a server: a catalog in memory is gone when this command ends");
}

/** The kit would make one that everybody may read. */
function makeNew(path: string): void {
  try {
    makeFile(realPathOf(path));
  } catch (error) {
    throw toCatalogError(error);
  }
}

function displayed(parsed: Exclude<Location, { kind: "memory" }>): string {
  if (parsed.kind === "server") return redacted(parsed.url);
  try {
    const path = relative("", parsed.path);
    return path.startsWith("..") ? parsed.path : path;
  } catch {
    return parsed.path; // The working folder is not there any more.
  }
}

/** A location that is none is a wrong call, and came from the environment. */
function asUsageError(error: unknown): never {
  if (!(error instanceof HiveCatalogError) || error.code !== "INVALID_ARGUMENT") throw error;
  throw new UsageError(`QUEEN_DATABASE: ${error.message}`);
}
