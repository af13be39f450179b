import { Command } from "commander";
import { CommandFailure, runCommand, UsageError } from "./command.ts";
import { missingStatements } from "./drift.ts";
import { runKit } from "./drizzle-kit.ts";
import { folderProblems, readJournal, sqlPath } from "./migrations-folder.ts";

const command = new Command("pnpm db:generate")
  .description(
    "Writes the migration for what has changed in src/schema.ts since the last one, and proves that nothing is missing.",
  )
  .option("--name <what_changed>", "what the migration does, in snake_case; required")
  .addHelpText(
    "after",
    "\nExit codes: 0 written or nothing to write, 1 failed, 2 called wrongly.\nExample: pnpm db:generate --name add_hive_labels",
  );

const SNAKE_CASE = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/;

async function generate({ name }: { name?: string }): Promise<string> {
  if (name === undefined) throw new UsageError("--name is required: say in snake_case what the migration does");
  if (!SNAKE_CASE.test(name)) {
    throw new UsageError(`--name must be snake_case words, such as add_hive_labels, got ${JSON.stringify(name)}`);
  }
  const known = readJournal().map(({ tag }) => tag);
  const exitCode = await runKit(["generate", "--name", name], "inherit");
  const made = readJournal().filter(({ tag }) => !known.includes(tag));
  // The kit's exit code is 0 after most errors: what it left behind is what counts.
  const problems = [...folderProblems(), ...(await missingStatements()).map((sql) => `no migration has: ${sql}`)];
  if (problems.length > 0) {
    throw new CommandFailure(
      `the migrations are not in order (drizzle-kit's output is above):\n  ${problems.join("\n  ")}`,
    );
  }
  if (exitCode !== 0) throw new CommandFailure(`drizzle-kit failed with exit code ${exitCode}; its output is above`);
  if (made.length === 0) return "nothing has changed: schema and migrations are in step";
  return `made ${made.map(sqlPath).join(", ")}; read it, then commit it with its snapshot and the journal`;
}

await runCommand("db:generate", command, generate);
