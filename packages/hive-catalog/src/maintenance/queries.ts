import { toCatalogError } from "../driver-errors.ts";
import type { Reader } from "./sql-thread.ts";

/** Whatever bytes a damaged file gives, as text that can be shown. */
export function fromHex(value: unknown): string {
  return Buffer.from(String(value), "hex")
    .toString("utf8")
    .replace(/[^\p{L}\p{N}\p{P}\p{S}\n ]/gu, "\uFFFD");
}

/** The one number that a query answers. */
export async function readNumber(reader: Reader, sql: string): Promise<number> {
  return Number((await reader.execute(sql)).rows[0]?.[0]);
}

/** What SQLite finds wrong with a file, a line each (100 at most); none if it is sound. Reads the whole file. */
export async function sqliteProblems(reader: Reader, check: "quick_check" | "integrity_check"): Promise<string[]> {
  const { rows } = await reader.execute(`SELECT hex(${check}) FROM pragma_${check}`);
  const lines = rows.flatMap((row) => fromHex(row[0]).split("\n"));
  return lines.filter((line) => line !== "ok" && line !== "" && !line.startsWith("***"));
}

/** Damage that SQLite meets while it reads is a finding, not a failure. */
export async function orProblem(read: () => Promise<string[]>): Promise<string[]> {
  try {
    return await read();
  } catch (error) {
    const { code, message } = toCatalogError(error);
    if (code !== "CATALOG_CORRUPT") throw error;
    return [`not all of it can be read: ${message}`];
  }
}
