import type { Row } from "@libsql/client";
import { sql } from "drizzle-orm";
import { QueryBuilder } from "drizzle-orm/sqlite-core";
import { cordonTable } from "../cordons.ts";
import { hostKeyTable } from "../host-keys.ts";
import { operationTable } from "../operations.ts";
import { BEFORE_ALL, type DamagedRecord, oldestFirst, type RecordTable, rowIdOf } from "../record-table.ts";
import { tokenTable } from "../tokens.ts";
import { turnOfTheLoop } from "../turn.ts";
import { orProblem } from "./queries.ts";
import type { Reader } from "./sql-thread.ts";

/** What a check found in the tables beside that of the hives. */
export type RecordsFound = {
  /** Cordons, tokens, operations and host keys that were read, the damaged ones included. */
  readonly records: number;
  readonly damagedRecords: number;
  /** The damaged columns of those: the first 1,000. */
  readonly recordDamage: readonly DamagedRecord[];
};

/** Every table of records. */
export const RECORD_TABLES = [cordonTable, tokenTable, operationTable, hostKeyTable] as const;

const MAX_LISTED = 1000;
/** An operation's row can be large. */
const PAGE_SIZE = 100;

/** Reads every row of every table of records that is there: a catalog may lack the migration that makes them. */
export async function readRecords(reader: Reader): Promise<RecordsFound & { unreadable: string[] }> {
  const recordDamage: DamagedRecord[] = [];
  const unreadable: string[] = [];
  let [records, damagedRecords] = [0, 0];
  const readTable = async (table: (typeof RECORD_TABLES)[number]) => {
    if (!(await isThere(reader, table))) return [];
    for await (const row of rowsOf(reader, table)) {
      records++;
      const damage = table.damageOf(row);
      if (damage.length > 0) damagedRecords++;
      recordDamage.push(...damage.slice(0, MAX_LISTED - recordDamage.length));
    }
    return [];
  };
  for (const table of RECORD_TABLES) unreadable.push(...(await orProblem(() => readTable(table))));
  return { records, damagedRecords, recordDamage, unreadable };
}

export async function isThere(reader: Reader, { name }: { readonly name: string }): Promise<boolean> {
  const query = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?";
  return (await reader.execute({ sql: query, args: [name] })).rows.length > 0;
}

async function* rowsOf(reader: Reader, { source, columns }: Pick<RecordTable<unknown>, "source" | "columns">) {
  const page = new QueryBuilder()
    .select(columns)
    .from(source)
    .where(oldestFirst.after)
    .orderBy(oldestFirst.order)
    .limit(sql.placeholder("limit"))
    .toSQL();
  for (let after = BEFORE_ALL; ; ) {
    const { rows }: { rows: Row[] } = await reader.execute({ sql: page.sql, args: [after, PAGE_SIZE] });
    yield* rows;
    const last = rows.at(-1);
    if (rows.length < PAGE_SIZE || last === undefined) return;
    after = rowIdOf(last);
    await turnOfTheLoop();
  }
}
