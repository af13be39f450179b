import { and, gt, lt, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import type { SqlExecutor, SqlStatement } from "../drivers/client.ts";
import { turnOfTheLoop } from "../event-loop.ts";
import { hiveGpus, hiveLabels } from "../schema.ts";
import { bytesOf } from "../sql/rows.ts";
import { build, countIn, statement } from "../sql/statement.ts";
import { removeGpus } from "./gpus.ts";
import { removeLabels } from "./labels.ts";
import { hasHive } from "./presence.ts";

/** Rows that one statement looks at. */
const WINDOW = 2000;

/** The id of a hive as bytes: one that another program damaged may be no text. */
type Id = { id: Uint8Array };

const isAbsent = (id: SQL) => sql`NOT ${hasHive(id)}`;
const asText = (id: SQL) => sql`CAST(${id} AS TEXT)`;

/** Of the rows behind a hive: where they end, how many are of hives that are not there, and which those are. */
const windowOf = (table: SQLiteTable, hiveId: SQLiteColumn) =>
  statement<Id>(({ id }) => {
    const rows = build
      .select({ id: hiveId })
      .from(table)
      .where(and(gt(hiveId, asText(id)), lt(hiveId, sql`x''`)))
      .orderBy(hiveId)
      .limit(WINDOW)
      .as("held");
    const ofAbsent = sql`FILTER (WHERE ${isAbsent(sql`${rows.id}`)})`;
    return build
      .select({
        end: sql`CAST(max(${rows.id}) AS BLOB)`.as("end"),
        count: sql`count(*) ${ofAbsent}`.as("count"),
        ids: sql`CAST(json_group_array(DISTINCT hex(${rows.id})) ${ofAbsent} AS BLOB)`.as("ids"),
      })
      .from(rows);
  });
const WINDOWS = [windowOf(hiveLabels, hiveLabels.hiveId), windowOf(hiveGpus, hiveGpus.hiveId)];

/** Labels and rows of GPUs that a program left behind which knows neither, and removed their hives. */
type Leftovers = { readonly rows: number; readonly hiveIds: readonly Uint8Array[] };

/** Window by window. */
export async function* leftovers(executor: SqlExecutor): AsyncGenerator<Leftovers, undefined, undefined> {
  for (const window of WINDOWS) {
    for (let id: Uint8Array = Buffer.alloc(0); ; ) {
      const [row] = (await executor.execute(window({ id }))).rows;
      const ids = JSON.parse(bytesOf(row?.[2]).toString() || "[]") as string[];
      yield { rows: countIn(row, 1), hiveIds: ids.map((hex) => Buffer.from(hex, "hex")) };
      if (row?.[0] == null) break;
      id = bytesOf(row[0]);
    }
  }
}

export async function countLeftovers(executor: SqlExecutor): Promise<number> {
  let count = 0;
  for await (const { rows } of leftovers(executor)) {
    count += rows;
    await turnOfTheLoop();
  }
  return count;
}

const remove = [
  statement<Id>(({ id }) => removeLabels({ id: asText(id) }, isAbsent(asText(id)))),
  statement<Id>(({ id }) => removeGpus({ id: asText(id) }, isAbsent(asText(id)))),
];

/** Unless it is there again. */
export function leftoversToRemove(id: Uint8Array): SqlStatement[] {
  return remove.map((statement) => statement({ id }));
}
