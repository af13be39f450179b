import { print, runCommandLine, withAnswers } from "@repo/settings";
import { Command, Option } from "commander";
import { HiveCatalogError } from "../src/errors.ts";
import { backupCatalog, type CopyResult, restoreCatalog } from "../src/maintenance/backup.ts";
import { checkCatalog } from "../src/maintenance/check.ts";
import type { CopyOptions } from "../src/maintenance/copy.ts";
import { catalogInfo } from "../src/maintenance/info.ts";
import { redacted } from "../src/sql/location.ts";
import { copyProgress } from "./catalog-progress.ts";
import { checkText, copyText, infoText, toJson } from "./catalog-report.ts";
import { databaseSettings } from "./database-settings.ts";

type Flags = { database: string; json?: boolean; force?: boolean };
/** What a command answers: as text for people, as JSON for programs. */
type Answer = { text: string; json: object; exitCode: number };

const EXIT = { done: 0, failed: 1, calledWrongly: 2, stopped: 130 } as const;
const HELP_AFTER = `
Environment:
  QUEEN_DATABASE             the catalog, unless --database says it (default: data/hives.db in the working folder)
  QUEEN_DATABASE_AUTH_TOKEN  token of a database server (default: none)

Exit codes: 0 done and sound, 1 failed or damage found, 2 called wrongly, 130 stopped by a signal.`;

const { location: DEFAULT_LOCATION, authToken } = databaseSettings();

/** A URL may hold a secret: it is not shown. */
const database = new Option("--database <location>", "the catalog: a path or a URL").default(
  DEFAULT_LOCATION,
  redacted(DEFAULT_LOCATION),
);
const program = withAnswers("catalog", new Command("pnpm catalog"))
  .description("Looks after a hive catalog: backs it up, restores it, and checks it.")
  .addHelpText("after", "\nExample: pnpm catalog backup /backup/hives.db")
  .addHelpText("afterAll", HELP_AFTER);

command(
  "backup <file>",
  "Writes a copy of the catalog, as it is at one moment, while it is in use.",
  "backup /backup/hives.db",
)
  .option("--force", "replace a backup that is there")
  .action((file: string, flags: Flags) => answer(flags, () => backup(file, flags)));
command(
  "restore <file>",
  "Makes the catalog from a backup. Nothing may have the catalog open.",
  "restore /backup/hives.db",
)
  .option("--force", "replace the catalog that is there; it is gone then")
  .action((file: string, flags: Flags) => answer(flags, () => restore(file, flags)));
command(
  "check",
  "Reads all of the catalog and lists what is damaged, missing or changed.",
  "check --database hives.db",
).action((flags: Flags) => answer(flags, () => check(flags)));
command("info", "Shows what the catalog is: sizes, versions, migrations, counts.", "info --json").action(
  (flags: Flags) => answer(flags, () => info(flags)),
);

function command(name: string, description: string, example: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(database)
    .option("--json", "print one JSON object")
    .addHelpText("after", `\nExample: pnpm -s catalog ${example}`);
}

async function backup(file: string, { database, force = false }: Flags): Promise<Answer> {
  const result = await watched("backup", (watching) => backupCatalog(database, file, { force, ...watching }));
  return copied("backed up", result);
}

async function restore(file: string, { database, force = false }: Flags): Promise<Answer> {
  const result = await watched("restore", (watching) => restoreCatalog(file, database, { force, ...watching }));
  const { text, ...restored } = copied("restored", result);
  const tokens =
    "Its tokens are those of the backup, revoked ones of later included: pnpm queen token list shows them.";
  return { ...restored, text: `${text}\n${tokens}` };
}

async function check({ database }: Flags): Promise<Answer> {
  const found = await checkCatalog(database, { authToken });
  return { text: checkText(found), json: found, exitCode: found.isSound ? EXIT.done : EXIT.failed };
}

async function info({ database }: Flags): Promise<Answer> {
  const found = await catalogInfo(database, { authToken });
  return { text: infoText(found), json: found, exitCode: EXIT.done };
}

/** Shows how far a copy is, and stops it at a signal. */
async function watched(what: string, copy: (watching: CopyOptions) => Promise<CopyResult>): Promise<CopyResult> {
  const stopping = new AbortController();
  const progress = copyProgress(what, process.stderr);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());
  try {
    return await copy({ onProgress: progress.report, signal: stopping.signal });
  } finally {
    progress.end();
  }
}

function copied(what: string, result: CopyResult): Answer {
  return { text: copyText(what, result), json: result, exitCode: EXIT.done };
}

async function answer({ json }: Flags, work: () => Promise<Answer>): Promise<void> {
  try {
    const found = await work();
    process.exitCode = found.exitCode;
    await print("catalog", `${json ? toJson(found.json) : found.text}\n`);
  } catch (error) {
    if (!(error instanceof HiveCatalogError)) throw error;
    const { code, message } = error;
    process.exitCode = exitCodeOf(error);
    process.stderr.write(`catalog: ${code}: ${message}\n`);
    if (json) await print("catalog", `${toJson({ error: { code, message } })}\n`);
  }
}

function exitCodeOf({ code }: HiveCatalogError): number {
  if (code === "CATALOG_CLOSED") return EXIT.stopped;
  return code === "INVALID_ARGUMENT" ? EXIT.calledWrongly : EXIT.failed;
}

await runCommandLine(program);
