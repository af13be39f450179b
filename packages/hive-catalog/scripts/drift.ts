import { generateSQLiteDrizzleJson, generateSQLiteMigration } from "drizzle-kit/api";
import { latestSnapshot } from "./migrations-folder.ts";

type Snapshot = Awaited<ReturnType<typeof generateSQLiteDrizzleJson>>;

/** The statements that lead from the migrations to the schema: none when they are in step. */
export async function missingStatements(): Promise<string[]> {
  const latest = latestSnapshot();
  const schema = await generateSQLiteDrizzleJson(await import("../src/schema.ts"), latest?.id);
  const before = latest === undefined ? await generateSQLiteDrizzleJson({}) : (latest as unknown as Snapshot);
  // In a terminal the kit would ask whether a column was renamed, and wait. Without one it gives up instead.
  process.stdin.isTTY = false;
  try {
    return await generateSQLiteMigration(before, schema);
  } catch {
    return ["(not known: something was renamed, or removed and added, which drizzle-kit asks about)"];
  }
}
