import { Command } from "commander";
import { CommandFailure, runCommand } from "./command.ts";
import { missingStatements, sqlDifferences } from "./drift.ts";
import { folderProblems, readJournal } from "./migrations-folder.ts";

const command = new Command("pnpm db:check")
  .description(
    "Fails when the schema (src/schema.ts) and the migrations (drizzle/) of the catalog differ, or when the migrations do not agree with each other.",
  )
  .addHelpText("after", "\nExit codes: 0 in step, 1 not in step, 2 called wrongly.\nExample: pnpm db:check");

async function check(): Promise<string> {
  const problems = folderProblems();
  if (problems.length > 0) throw new CommandFailure(`the migrations do not agree:\n  ${problems.join("\n  ")}`);
  const missing = await missingStatements();
  if (missing.length > 0) {
    const cure = "The schema has changed: run pnpm db:generate --name <what_changed>";
    throw new CommandFailure(`${cure}\nNo migration has:\n  ${missing.join("\n  ")}`);
  }
  const differences = await sqlDifferences();
  if (differences.length > 0) {
    const cure =
      "a migration was edited after it was written: put its SQL back, or write a new one with pnpm db:generate";
    throw new CommandFailure(`${cure}\n  ${differences.join("\n  ")}`);
  }
  return `schema and migrations are in step (${readJournal()
    .map(({ tag }) => tag)
    .join(", ")})`;
}

await runCommand("db:check", command, check);
