import { plain, type SqlExecutor } from "../drivers/client.ts";

/** SQLite's own words, by their number: https://www.sqlite.org/pragma.html#pragma_synchronous. */
const SYNCHRONOUS = ["off", "normal", "full", "extra"] as const;

/**
 * What is on the disk when a change is answered: with `full` and `extra` the change; with `normal` and `off` a loss of power can take changes
 * that were answered.
 */
export type Synchronous = (typeof SYNCHRONOUS)[number];

export async function readSynchronous(client: SqlExecutor): Promise<Synchronous | undefined> {
  const [row] = (await client.execute(plain("PRAGMA synchronous"))).rows;
  return SYNCHRONOUS[Number(row?.[0])];
}
