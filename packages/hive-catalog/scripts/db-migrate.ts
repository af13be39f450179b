import { mkdirSync } from "node:fs";
import { dirname, relative } from "node:path";
import { toCatalogError } from "../src/drivers/errors.ts";
import { HiveCatalogError } from "../src/errors.ts";
import { catalogInfo } from "../src/maintenance.ts";
import { databaseUrl, type Location, parseLocation, redacted } from "../src/sql/location.ts";
import { openDatabase } from "../src/sql/open.ts";
import { CommandFailure, runCommand, UsageError } from "./command.ts";
import { databaseSettings } from "./database-settings.ts";
import { runKit } from "./drizzle-kit.ts";
import { readFlags } from "./flags.ts";
import { readJournal } from "./migrations-folder.ts";

const HELP = `Usage: pnpm db:migrate

Brings the tables of a catalog up to date with drizzle-kit, and makes the catalog where there is none.
A database that is no hive catalog, or that a newer version has changed, is refused and left as it is.

Options:
  -h, --help  show this help

Environment:
  QUEEN_DATABASE             a path, or a URL: file:, libsql:, http:, https:, ws:, wss:
                             (default: data/hives.db in the repository)
  QUEEN_DATABASE_AUTH_TOKEN  token of a database server (default: none)

Exit codes: 0 up to date, 1 failed, 2 called wrongly.
Example: QUEEN_DATABASE=/var/lib/queen/hives.db pnpm db:migrate`;

/** How long to wait for another process that holds the lock, and for an answer of a server. */
const TIMEOUTS = { busyTimeoutMs: 5000, requestTimeoutMs: 10_000 };

const { location, authToken } = databaseSettings();

async function migrate(): Promise<string> {
  if (readFlags({}).help) return HELP;
  const parsed = readLocation();
  const name = displayed(parsed);
  const pending = await lacking();
  if (pending.length === 0) return `${name} is up to date`;
  if (parsed.kind === "file") makeFolder(parsed.path);
  const exitCode = await runKit(["migrate"], "ignore", { QUEEN_DATABASE: databaseUrl(location) });
  if (exitCode !== 0) await migrateOurselves(name, pending);
  const skipped = await lacking();
  if (skipped.length > 0) throw notApplied(name, skipped, exitCode);
  return `${name}: applied ${pending.length} migration${pending.length === 1 ? "" : "s"}: ${pending.join(", ")}`;
}

function readLocation(): Exclude<Location, { kind: "memory" }> {
  const parsed = parseLocation(location);
  if (parsed.kind !== "memory") return parsed;
  throw new UsageError("QUEEN_DATABASE must be a file or a server: a catalog in memory is gone when this command ends");
}

/** The names of the migrations that the catalog lacks: every one where there is none yet. */
async function lacking(): Promise<string[]> {
  try {
    (await openDatabase(location, { authToken, migrate: false, ...TIMEOUTS })).client.close();
    return [];
  } catch (error) {
    if (!(error instanceof HiveCatalogError) || error.code !== "CATALOG_NOT_MIGRATED") throw error;
  }
  const info = await catalogInfo(location, { authToken }).catch(() => undefined);
  return info?.migrations.pending.slice() ?? readJournal().map(({ tag }) => tag);
}

function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw toCatalogError(error);
  }
}

/** The kit exits without a word, and does not wait for a lock. The same migrations by our own code do wait, or tell the error. */
async function migrateOurselves(name: string, pending: string[]): Promise<void> {
  process.stderr.write(
    "db:migrate: drizzle-kit failed and gives no reason; trying again with the catalog's own migrator\n",
  );
  try {
    const options = { authToken, migrate: true, ...TIMEOUTS };
    (await openDatabase(location, options)).client.close();
  } catch (error) {
    const { code, message, cause } = toCatalogError(error);
    // What the database itself says of a migration: that is what the kit swallows.
    const reason = cause instanceof Error ? `${message}: ${cause.message}` : message;
    throw new HiveCatalogError(code, `${name} still lacks ${pending.join(", ")}: ${reason}`, { cause: error });
  }
}

function notApplied(name: string, skipped: string[], exitCode: number | null): Error {
  if (exitCode !== 0)
    return new HiveCatalogError("CATALOG_READ_ONLY", `${name} cannot be written: it still lacks ${skipped.join(", ")}`);
  return new CommandFailure(
    `${name} still lacks ${skipped.join(", ")}: drizzle-kit skips a migration that is dated before the last applied one; ` +
      `give it a later "when" in packages/hive-catalog/drizzle/meta/_journal.json`,
  );
}

function displayed(parsed: Exclude<Location, { kind: "memory" }>): string {
  if (parsed.kind === "server") return redacted(parsed.url);
  const path = relative(process.cwd(), parsed.path);
  return path.startsWith("..") ? parsed.path : path;
}

/** A location that is none is a wrong call, and came from the environment. */
function asUsageError(error: unknown): never {
  if (!(error instanceof HiveCatalogError) || error.code !== "INVALID_ARGUMENT") throw error;
  throw new UsageError(`QUEEN_DATABASE: ${error.message}`);
}

await runCommand("db:migrate", () => migrate().catch(asUsageError));
