import type { Row } from "@libsql/client";
import { turnOfTheLoop } from "../drivers/file/mutex.ts";
import { cordonTable } from "../records/cordons.ts";
import { hostKeyTable } from "../records/host-keys.ts";
import { operationTable } from "../records/operations.ts";
import { type DamagedRecord, oldestFirst, type RecordTable, rowIdOf } from "../records/record-table.ts";
import { tokenTable } from "../records/tokens.ts";
import { newTables } from "../sql/identity.ts";
import type { MigrationState } from "./migration-state.ts";
import { fromHex, orProblem } from "./queries.ts";
import type { Reader } from "./sql-thread.ts";

/** What a check found in the tables beside that of the hives. */
export type RecordsFound = {
  /** Cordons, tokens, operations and host keys that were read, the damaged ones included. */
  readonly records: number;
  readonly damagedRecords: number;
  /** The damaged columns of those: the first 1,000. */
  readonly recordDamage: readonly DamagedRecord[];
};

const RECORD_TABLES = [cordonTable, tokenTable, operationTable, hostKeyTable] as const;

const MAX_LISTED = 1000;
/** An operation's row can be large. */
const PAGE_SIZE = 100;

/** Reads every row of every table of records: a catalog may lack the migration that makes them. */
export async function readRecords(
  reader: Reader,
  state: MigrationState,
): Promise<RecordsFound & { unreadable: string[] }> {
  const recordDamage: DamagedRecord[] = [];
  const unreadable: string[] = [];
  let [records, damagedRecords] = [0, 0];
  const readTable = async (table: (typeof RECORD_TABLES)[number]) => {
    for await (const row of rowsOf(reader, table)) {
      records++;
      const damage = table.damageOf(row);
      if (damage.length > 0) damagedRecords++;
      recordDamage.push(...damage.slice(0, MAX_LISTED - recordDamage.length));
    }
    return [];
  };
  for (const table of await recordTables(reader, state)) unreadable.push(...(await orProblem(() => readTable(table))));
  return { records, damagedRecords, recordDamage, unreadable };
}

/** The tables of records that are there: not one of the same name that another application has. */
export async function recordTables(reader: Reader, { pending }: MigrationState) {
  const { rows } = await reader.execute("SELECT hex(name) FROM sqlite_schema WHERE type = 'table'");
  const names = new Set(rows.map((row) => fromHex(row[0])));
  for (const name of newTables(pending)) names.delete(name);
  return RECORD_TABLES.filter(({ name }) => names.has(name));
}

async function* rowsOf(reader: Reader, table: Pick<RecordTable<unknown>, "page">) {
  const page = table.page(oldestFirst).toSQL();
  for (let after = oldestFirst.start; ; ) {
    const { rows }: { rows: Row[] } = await reader.execute({ sql: page.sql, args: [after, PAGE_SIZE] });
    yield* rows;
    const last = rows.at(-1);
    if (rows.length < PAGE_SIZE || last === undefined) return;
    after = rowIdOf(last);
    await turnOfTheLoop();
  }
}
