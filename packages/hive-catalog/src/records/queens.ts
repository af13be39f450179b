import { eq, ne, type SQL, sql } from "drizzle-orm";
import { checkArgument } from "../model/check.ts";
import { QueenRecord, queenFields } from "../model/queen.ts";
import { isRecordId } from "../model/texts.ts";
import type { CallOptions } from "../options.ts";
import { queens } from "../schema.ts";
import { finder, oldestFirst } from "../sql/reading.ts";
import { RowReader } from "../sql/rows.ts";
import { build, type Given, statement } from "../sql/statement.ts";
import { Verbs } from "./verbs.ts";

/** How long a queen counts as running after she last said so. */
export const QUEEN_GONE_AFTER_MS = 20_000;

const Id = QueenRecord.pick({ id: true });
type Id = { id: string };

export const queenReader = new RowReader<QueenRecord>({ table: queens, fields: queenFields, thing: "queen" });

/** The clock of the database, which all queens share. */
const now = sql`CAST(unixepoch('subsec') * 1000 AS INTEGER)`;
const goneAfter = sql.raw(String(QUEEN_GONE_AFTER_MS));
/** Nor may it be far ahead, where that clock was set back: she would count for ever. */
const isRunning = sql`(typeof(${queens.seenAtMs}) = 'integer' AND ${queens.seenAtMs} BETWEEN ${now} - ${goneAfter} AND ${now} + ${goneAfter})`;
const ofId = ({ id }: Given<Id>): SQL => eq(queens.id, id);

const allRunning = finder<QueenRecord, object>(queenReader, oldestFirst, () => isRunning);
const renew = statement<Id>(({ id }) =>
  build
    .insert(queens)
    .select(sql`SELECT ${id}, ${now}, ${now} WHERE true`)
    .onConflictDoUpdate({ target: queens.id, set: { seenAtMs: sql`excluded.seen_at_ms` } }),
);
const removeGone = statement<Id>(({ id }) =>
  build.delete(queens).where(sql`NOT ${isRunning} AND ${ne(queens.id, id)}`),
);
const remove = statement<Id>((given) => build.delete(queens).where(ofId(given)));

/** The queens that run on this catalog: each says so now and then, and counts as gone 20 seconds after the last time. */
export class Queens extends Verbs {
  /** Says that this queen runs, and forgets those that are gone. Rejects with INVALID_ARGUMENT. */
  renew(id: string, options?: CallOptions): Promise<void> {
    return this.run(async (client) => {
      const checked = checkArgument("queen", Id, { id });
      await client.batch([renew(checked), removeGone(checked)], { isRepeatable: true });
    }, options);
  }

  /** Those that run, in the order in which they began. */
  list(options?: CallOptions): Promise<QueenRecord[]> {
    return this.listed(allRunning, options);
  }

  /** When a queen ends. */
  remove(id: string, options?: CallOptions): Promise<void> {
    return this.run(async (client) => {
      if (isRecordId(id)) await client.execute(remove({ id }), { isRepeatable: true });
    }, options);
  }
}
