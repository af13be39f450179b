import { plain } from "../drivers/client.ts";
import { hiveReader } from "../hives/statements.ts";
import type { DamagedHive, DamagedRecord } from "../options.ts";
import { cordonReader } from "../records/cordons.ts";
import { countDiffering } from "../records/gpus.ts";
import { hostKeyReader } from "../records/host-keys.ts";
import { operationReader } from "../records/operation-pages.ts";
import { queenReader } from "../records/queens.ts";
import { sessionReader } from "../records/sessions.ts";
import { tokenReader } from "../records/tokens.ts";
import { fromHex, newTables } from "../sql/identity.ts";
import { type MigrationState, migrationNames, readMigrationState } from "../sql/migrations.ts";
import { finder, type OnDamage, oldestFirst, pages } from "../sql/reading.ts";
import type { RowReader } from "../sql/rows.ts";
import { gpuReader } from "../traits/gpus.ts";
import { labelReader } from "../traits/labels.ts";
import { leftovers } from "../traits/leftovers.ts";
import { compareSchema, type SchemaDifferences } from "./schema-comparison.ts";
import { orProblem, type ReadOptions, readingFrom, sqliteProblems } from "./source.ts";
import type { Reader } from "./sql-thread.ts";

/** What a check found. */
export type CatalogCheck = {
  readonly location: string;
  /** Nothing is damaged, missing or changed. Pending migrations and further tables or indexes are no fault. */
  readonly isSound: boolean;
  /** Hives that were read, the damaged ones included. */
  readonly hives: number;
  readonly damagedHives: number;
  /** Each damaged column of each damaged hive, with its SQLite rowid: the first 1,000; `damagedColumns` is how many there are. */
  readonly damage: readonly (DamagedHive & { readonly rowId: string })[];
  readonly damagedColumns: number;
  /** Cordons, tokens, sessions, operations, host keys, queens, labels and rows of GPUs that were read, the damaged ones included. */
  readonly records: number;
  readonly damagedRecords: number;
  /** The damaged columns of those: the first 1,000. */
  readonly recordDamage: readonly DamagedRecord[];
  /** Hives whose rows of GPUs are not those of their devices: no fault, whatever opens the catalog for writing derives them. */
  readonly gpusToDerive: number;
  /** Labels and rows of GPUs of hives that are not there: no fault, the next `gpuRows.derive` removes them. */
  readonly leftovers: number;
  /** What SQLite finds wrong with the file: 100 lines at most. */
  readonly integrity: readonly string[];
  readonly schema: SchemaDifferences;
  /** Migrations that the catalog lacks, by name. */
  readonly pendingMigrations: readonly string[];
};

/** The tables beside that of the hives, by their names. */
const RECORD_READERS = {
  cordons: cordonReader,
  tokens: tokenReader,
  sessions: sessionReader,
  operations: operationReader,
  host_keys: hostKeyReader,
  queens: queenReader,
  hive_labels: labelReader,
  hive_gpus: gpuReader,
} satisfies Record<string, RowReader<unknown>>;
export type RecordTable = keyof typeof RECORD_READERS;
export const RECORD_TABLES = Object.keys(RECORD_READERS) as RecordTable[];

const MAX_LISTED = 1000;
/** Small enough that looking at a page does not hold the event loop for long. */
const PAGE_SIZE = 250;
/**
 * Reads a whole catalog, in a file or on a server, and resolves to everything that is wrong with it. It changes nothing, and others may write
 * meanwhile. Rejects when the catalog cannot be opened: CATALOG_NOT_A_CATALOG, CATALOG_CORRUPT, CATALOG_TOO_NEW or another CATALOG_… code.
 */
export function checkCatalog(location: string, options: ReadOptions = {}): Promise<CatalogCheck> {
  return readingFrom(location, options, async ({ name, reader }) => {
    const state = await readMigrationState(reader);
    const problems = await orProblem(() => sqliteProblems(reader, "integrity_check"));
    const schema = await compareSchema(reader, state);
    const hives = await readTable(reader, await asFarAsThere(reader, hiveReader));
    const tables = [];
    const whole = new Set<RowReader<unknown>>();
    for (const recordTable of await recordTables(reader, state)) {
      const table = RECORD_READERS[recordTable];
      const part = await asFarAsThere(reader, table);
      const found = await readTable(reader, part);
      tables.push(found);
      // What could not be read is told already.
      if (part === table && found.unreadable.length === 0) whole.add(table);
    }
    const hasGpus = hives.unreadable.length === 0 && whole.has(gpuReader);
    const integrity = [...problems, ...[hives, ...tables].flatMap((table) => table.unreadable)];
    const records = sum(tables.map((table) => table.rows));
    const damagedRecords = sum(tables.map((table) => table.damagedRows));
    const faults = integrity.length + schema.missing.length + schema.changed.length;
    return {
      location: name,
      isSound: faults + hives.damagedColumns + damagedRecords === 0,
      hives: hives.rows,
      damagedHives: hives.damagedRows,
      damagedColumns: hives.damagedColumns,
      ...{ records, damagedRecords },
      gpusToDerive: hasGpus ? await countDiffering(reader) : 0,
      leftovers: hasGpus && whole.has(labelReader) ? await countLeftovers(reader) : 0,
      ...{ integrity, schema },
      damage: hives.damage.map(({ id, column, problem, rowId }) => ({ id, column, problem, rowId })),
      recordDamage: tables
        .flatMap((table) => table.damage)
        .map(({ rowId: _, ...column }) => column)
        .slice(0, MAX_LISTED),
      pendingMigrations: migrationNames(state.pending),
    };
  });
}

/** The tables of records that are there: not one of the same name that another application has. */
export async function recordTables(reader: Reader, { pending }: MigrationState) {
  const { rows } = await reader.execute(plain("SELECT hex(name) FROM sqlite_schema WHERE type = 'table'"));
  const names = new Set(rows.map((row) => fromHex(row[0])));
  for (const name of newTables(pending)) names.delete(name);
  return RECORD_TABLES.filter((name) => names.has(name));
}

/** Without the columns that a pending migration adds, or that another program took away. */
async function asFarAsThere(reader: Reader, table: RowReader<unknown>): Promise<RowReader<unknown>> {
  const sql = "SELECT hex(lower(name)) FROM pragma_table_info(?)";
  const { rows } = await reader.execute({ sql, args: [table.name] });
  return table.ofColumns(new Set(rows.map((row) => fromHex(row[0]))));
}

type TableFound = {
  rows: number;
  damagedRows: number;
  damagedColumns: number;
  damage: (DamagedRecord & { readonly rowId: string })[];
  /** Why not all rows could be read. */
  unreadable: string[];
};

/** Reads every row of a table itself, page by page. */
async function readTable(reader: Reader, table: RowReader<unknown>): Promise<TableFound> {
  const found: TableFound = { rows: 0, damagedRows: 0, damagedColumns: 0, damage: [], unreadable: [] };
  const onDamage: OnDamage = (damage, isListed, rowId) => {
    if (!isListed) found.rows++;
    found.damagedRows++;
    found.damagedColumns += damage.length;
    found.damage.push(...damage.slice(0, MAX_LISTED - found.damage.length).map((column) => ({ ...column, rowId })));
  };
  found.unreadable = await orProblem(async () => {
    const rows = pages(reader, finder(table, oldestFirst), {}, { pageSize: PAGE_SIZE, onDamage });
    for await (const records of rows) found.rows += records.length;
    return [];
  });
  return found;
}

async function countLeftovers(reader: Reader): Promise<number> {
  let count = 0;
  for await (const { rows } of leftovers(reader)) count += rows;
  return count;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
