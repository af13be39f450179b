import type Database from "libsql";

const leftOpen = new Set<Database.Database>();

/**
 * Keeps a connection from ever being closed. SQLite's closing takes away the -wal by its name, with what another program has stored in it since. Node
 * closes what nobody holds any more, and all when a program comes to its end, but not where it exits (seen with Node 20 and libsql 0.5).
 */
export function leaveOpen(database: Database.Database): void {
  // The last of all who listen to the end: it cuts off those behind it.
  if (leftOpen.size === 0) process.once("beforeExit", () => process.once("exit", () => process.exit()));
  leftOpen.add(database);
}
