import { rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  type FieldProblem,
  HiveCatalog,
  HiveCatalogError,
  isInForce,
  mintToken,
  TOKEN_ROLES,
  type TokenRecord,
} from "@repo/hive-catalog";
import { catalogInfo } from "@repo/hive-catalog/maintenance";
import { inColumns } from "@repo/process-log/columns";
import { printable } from "@repo/process-log/printable";
import { leadsNowhere, print as printFor, withUsageErrors, written } from "@repo/settings";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { TokenCommand } from "./config/config.ts";
import { toTokenJson } from "./http/routes/token-json.ts";

interface Flags {
  database: string;
  json?: boolean;
}
interface CreateFlags extends Flags {
  name: string;
  role: TokenRecord["role"];
  hive?: string;
  out?: string;
  expiresInDays?: number;
}
interface PruneFlags extends Flags {
  olderThanDays: number;
}

const MS_PER_DAY = 86_400_000;
const MAX_DAYS = 36_500;

const HELP_AFTER = `
Queens that run know of what was changed within 2 s, or at once after a SIGHUP. The catalog must be there: a queen makes it when she first starts,
and so does pnpm db:migrate.

Environment:
  QUEEN_DATABASE             where the catalog is, unless --database says it (default: data/hives.db in the working folder)
  QUEEN_DATABASE_AUTH_TOKEN  token of a database server (default: none)
  QUEEN_MIGRATE              whether to bring the catalog's tables up to date (default: true)

Exit codes: 0 done, 1 it could not be done, 2 called wrongly.
Example: pnpm queen token create --name me --role operator --out me.token`;

/** What a command does with the catalog; returns the exit code. */
type Work = (catalog: HiveCatalog) => Promise<number>;

/** Runs `queen token …`: what was asked for goes to stdout, everything else to stderr. Returns the exit code. */
export async function runTokenCommand(command: TokenCommand): Promise<number> {
  const { argv, database, databaseAuthToken, migrate, warnings } = command;
  for (const warning of warnings) say(warning);
  let exitCode = 0;
  const help: string[] = [];
  const access = databaseAuthToken === undefined ? {} : { authToken: databaseAuthToken };
  const withCatalog = async ({ database: location }: Flags, work: Work) => {
    // A mistyped path must not become an empty catalog, in which no token is.
    const { location: name } = await catalogInfo(location, access);
    say(`the catalog is ${name}`);
    const catalog = await HiveCatalog.open(location, { migrate, ...access });
    if (catalog.migrations.length > 0) say(`migrated for this version: ${catalog.migrations.join(", ")}`);
    // Node 22 runs this file as it is, and does not know `await using`.
    try {
      exitCode = await work(catalog);
    } finally {
      await catalog.close();
    }
  };
  try {
    await commandLine(database, withCatalog, (text) => void help.push(text)).parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? printFor("queen", help.join("")) : 2;
    if (error instanceof Unwritable) {
      say(`stdout cannot be written: ${error.message}`);
      return 1;
    }
    if (!(error instanceof HiveCatalogError)) throw error;
    if (error.code !== "INVALID_ARGUMENT") say(`${error.code}: ${error.message}`);
    for (const problem of error.problems) say(inFlags(problem));
    if (error.code === "HIVE_NOT_FOUND") say("add it first: pnpm -s hivectl add ID --host HOST");
    return error.code === "INVALID_ARGUMENT" ? 2 : 1;
  }
}

const FLAGS: Record<string, string> = {
  name: "--name",
  role: "--role",
  hiveId: "--hive",
  location: "--database (QUEEN_DATABASE)",
  authToken: "QUEEN_DATABASE_AUTH_TOKEN",
};

const inFlags = ({ field, message }: FieldProblem): string =>
  `${FLAGS[field] ?? field} ${message.replace(/, got null$/, "")}`;

function commandLine(
  database: string,
  withCatalog: (flags: Flags, work: Work) => Promise<void>,
  writeOut: (text: string) => void,
): Command {
  const command = withUsageErrors("queen", new Command("pnpm queen token").configureOutput({ writeOut }))
    .description("Manages the tokens with which callers show the queen who they are.")
    .helpCommand(false)
    .exitOverride()
    .addHelpText("afterAll", HELP_AFTER);
  const add = (name: string, description: string) =>
    command
      .command(name)
      .description(description)
      // A URL may hold a secret: it is not shown.
      .addOption(new Option("--database <path or URL>", "where the catalog is").default(database, "QUEEN_DATABASE"))
      .option("--json", "print JSON")
      .allowExcessArguments(false);

  add("create", "Makes a token, and prints it or writes it to a file, this once.")
    .option("--name <name>", "what it is for, for people; required")
    .addOption(new Option("--role <role>", "what it may do; required").choices(TOKEN_ROLES))
    .option("--hive <id>", "the hive that it beats for; required for the role hive, and for it alone")
    .addOption(
      new Option("--expires-in-days <days>", "after how long it is worth nothing; never by default").argParser(
        daysFrom(1),
      ),
    )
    .option("--out <file>", "new file of mode 600 for the token, in place of standard output")
    .action((flags: Partial<CreateFlags> & Flags, creating: Command) => {
      // Not commander's own rule, which comes before what is wrong with the flags that are there.
      const { name, role } = flags;
      if (name === undefined) return creating.error("required option '--name <name>' not specified");
      if (role === undefined) return creating.error("required option '--role <role>' not specified");
      return withCatalog(flags, (catalog) => create(catalog, { ...flags, name, role }));
    });
  add("list", "Lists all tokens, revoked ones too; never what could be used.").action((flags: Flags) =>
    withCatalog(flags, (catalog) => list(catalog, flags)),
  );
  add("revoke <id>", "Makes a token worthless for good.").action((id: string, flags: Flags) =>
    withCatalog(flags, (catalog) => revoke(catalog, id, flags)),
  );
  add("prune", "Removes the tokens that were revoked or expired long ago: lists no longer show them.")
    .addOption(new Option("--older-than-days <days>", "how long ago at least; required").argParser(daysFrom(0)))
    .action((flags: Partial<PruneFlags> & Flags, pruning: Command) => {
      const { olderThanDays } = flags;
      if (olderThanDays === undefined) return pruning.error("required option '--older-than-days <days>' not specified");
      return withCatalog(flags, (catalog) => prune(catalog, { ...flags, olderThanDays }));
    });
  return command;
}

async function create(catalog: HiveCatalog, flags: CreateFlags): Promise<number> {
  const { name, role, hive, json, out, expiresInDays } = flags;
  const { token, ...minted } = mintToken();
  const file = out === undefined ? undefined : resolve(out);
  if (!file && leadsNowhere()) {
    say("stdout leads nowhere: nobody would have the token, and none was made");
    return 1;
  }
  const problem = file && (await problemOfKeeping(token, file));
  if (problem) {
    say(`--out ${file} ${problem}; no token was made`);
    return 1;
  }
  const record = await catalog.tokens
    .add({
      ...minted,
      name,
      role,
      ...(hive !== undefined && { hiveId: hive }),
      ...(expiresInDays !== undefined && { expiresAtMs: Date.now() + expiresInDays * MS_PER_DAY }),
    })
    .catch(async (error) => {
      if (file) await rm(file);
      throw error;
    });
  await handOver(catalog, record, token, { json, file });
  if (json) return 0;
  say(file ? `the token ${record.id} is in ${file}` : `this is the token ${record.id}; it is not shown again`);
  if (role !== "hive") await sayWhoIsKeptOut(catalog, record.id);
  return 0;
}

/** Prints the token, unless it is in a file; where that cannot be, nobody has it. */
async function handOver(
  catalog: HiveCatalog,
  record: TokenRecord,
  token: string,
  { json, file }: { json: boolean | undefined; file: string | undefined },
): Promise<void> {
  try {
    if (json) await print(JSON.stringify({ ...toTokenJson(record), ...(!file && { token }) }));
    else if (!file) await print(token);
  } catch (error) {
    if (file) say(`the token ${record.id} is in ${file}`);
    else await revokeUnread(catalog, record.id);
    throw error;
  }
}

/** It would be in force without anybody who has it. */
async function revokeUnread(catalog: HiveCatalog, id: string): Promise<void> {
  try {
    await catalog.tokens.revoke(id);
    say(`nobody has the token ${id}, and it is revoked`);
  } catch (error) {
    say(`nobody has the token ${id}, and it is in force: pnpm queen token revoke ${id} ends it`);
    throw error;
  }
}

/** What a first token that is not a hive's does to all others. */
async function sayWhoIsKeptOut(catalog: HiveCatalog, made: string): Promise<void> {
  const others = (await catalog.tokens.list()).filter(({ id }) => id !== made);
  if (others.some((token) => token.role !== "hive")) return;
  say("it locks the queen: from now on every caller needs a token, each hive too (--role hive --hive ID)");
  const having = new Set(others.filter((token) => isInForce(token, Date.now())).map(({ hiveId }) => hiveId));
  const lacking = (await catalog.countHives()) - having.size;
  if (lacking > 0) {
    say(`${lacking} of the hives have none: hivectl token create --role hive --out-dir tokens makes one for each`);
  }
}

/** Writes a token to a new file that its owner alone can read, from its first moment on; or says why not, and leaves what is there. */
async function problemOfKeeping(token: string, file: string): Promise<string | undefined> {
  try {
    await writeFile(file, `${token}\n`, { flag: "wx", mode: 0o600 });
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return "is there already: choose a new file";
    await rm(file, { force: true });
    return `cannot be written: ${message}`;
  }
}

async function list(catalog: HiveCatalog, { json }: Flags): Promise<number> {
  const records = await catalog.tokens.list();
  if (json) await print(JSON.stringify({ tokens: records.map(toTokenJson) }));
  else if (records.length === 0) say("there are no tokens");
  else await print(table(records));
  return 0;
}

async function revoke(catalog: HiveCatalog, id: string, { json }: Flags): Promise<number> {
  const revoked = await catalog.tokens.revoke(id);
  if (json) await print(JSON.stringify({ id, revoked }));
  else say(revoked ? `the token ${id} is revoked` : `no token ${id} is in force: pnpm queen token list shows all`);
  return revoked ? 0 : 1;
}

/** A queen on loopback takes the tokens that there are, revoked ones too, for the sign that her door was locked once. */
async function prune(catalog: HiveCatalog, { olderThanDays, json }: PruneFlags): Promise<number> {
  const locking = (await catalog.tokens.list()).filter(({ role }) => role !== "hive");
  if (locking.length > 0 && !locking.some((token) => isInForce(token, Date.now()))) {
    say(
      "no token of an operator or a reader is in force: make one first, or a queen on loopback might let everybody in",
    );
    return 1;
  }
  const removed = await catalog.tokens.removeEnded(olderThanDays * MS_PER_DAY);
  if (json) await print(JSON.stringify({ removed }));
  else say(`${removed} ${removed === 1 ? "token is" : "tokens are"} removed`);
  return 0;
}

function daysFrom(min: number): (text: string) => number {
  return (text) => {
    const days = Number(text);
    if (/^\d+$/.test(text) && days >= min && days <= MAX_DAYS) return days;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${MAX_DAYS}.`);
  };
}

function table(records: readonly TokenRecord[]): string {
  const time = (ms: number | null) => (ms === null ? "" : new Date(ms).toISOString());
  const rows = records.map((r) => [
    r.id,
    r.role,
    r.hiveId ?? "",
    time(r.createdAtMs),
    time(r.expiresAtMs),
    time(r.revokedAtMs),
    time(r.lastUsedAtMs),
    r.name,
  ]);
  return inColumns([["ID", "ROLE", "HIVE", "CREATED", "EXPIRES", "REVOKED", "LAST USED", "NAME"], ...rows]);
}

/** Stdout could not be written: a disk is full, or whoever read it reads no further. */
class Unwritable extends Error {
  override readonly name = "Unwritable";
}

async function print(text: string): Promise<void> {
  const error = await written(`${text}\n`);
  if (error !== undefined) throw new Unwritable(error.message);
}
const say = (text: string): void => void process.stderr.write(`queen: ${printable(text)}\n`);
