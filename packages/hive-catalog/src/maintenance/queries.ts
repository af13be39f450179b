import { toCatalogError } from "../drivers/errors.ts";
import { countIn } from "../sql/statement.ts";
import type { Reader } from "./sql-thread.ts";

/** Whatever bytes a damaged file gives, as text that can be shown. */
export function fromHex(value: unknown): string {
  return Buffer.from(String(value), "hex")
    .toString("utf8")
    .replace(/[^\p{L}\p{N}\p{P}\p{S}\n ]/gu, "\uFFFD");
}

/** The one number that a query answers. */
export async function readNumber(reader: Reader, sql: string): Promise<number> {
  return countIn((await reader.execute(sql)).rows[0]);
}

/** What SQLite finds wrong with a file, a line each (some 100 at most); none if it is sound. Reads the whole file. */
export async function sqliteProblems(reader: Reader, check: "quick_check" | "integrity_check"): Promise<string[]> {
  const query = `SELECT hex(${check}) FROM pragma_${check}`;
  try {
    return await problemLines(reader, query);
  } catch (error) {
    const unreadable = problemOf(error);
    // A page that it cannot read ends the check, and with that error no row arrives. The first one has what was found in the pages.
    const found = await orProblem(() => problemLines(reader, `${query} LIMIT 1`));
    return [...new Set([...found, unreadable])];
  }
}

async function problemLines(reader: Reader, query: string): Promise<string[]> {
  const lines = (await reader.execute(query)).rows.flatMap((row) => fromHex(row[0]).split("\n"));
  return lines.filter((line) => line !== "ok" && line !== "" && !line.startsWith("***"));
}

/** Damage that SQLite meets while it reads is a finding, not a failure. */
export async function orProblem(read: () => Promise<string[]>): Promise<string[]> {
  try {
    return await read();
  } catch (error) {
    return [problemOf(error)];
  }
}

function problemOf(error: unknown): string {
  const { code, message } = toCatalogError(error);
  if (code !== "CATALOG_CORRUPT") throw error;
  return `not all of it can be read: ${message}`;
}
