import { eq, getTableName, type SQL, sql } from "drizzle-orm";
import { revisions, type sessions, type tokens } from "../schema.ts";
import { build, statement } from "./statement.ts";

/** Of what somebody keeps a copy. */
type Copied = typeof tokens | typeof sessions;

/** Replaces the revision of a table if `where` holds: in the transaction of the change that it stands for. */
export function renewRevision(table: Copied, where: SQL) {
  return build
    .insert(revisions)
    .select(sql`SELECT ${getTableName(table)}, hex(randomblob(8)) WHERE ${where}`)
    .onConflictDoUpdate({ target: revisions.name, set: { revision: sql`excluded.revision` } });
}

/** After a change in the same batch: if it changed anything. */
export const renewIfChanged = (table: Copied) => statement(() => renewRevision(table, sql`changes() > 0`));

/** Each change of ours renews the revision, which is told as hexadecimal digits: another program may have stored bytes that are no text. The counts, and what is `further`, tell what was added or removed by hand. */
export const versionOf = (table: Copied, ...further: SQL[]) =>
  statement(() => {
    const revision = sql`SELECT hex(${revisions.revision}) FROM ${revisions} WHERE ${eq(revisions.name, getTableName(table))}`;
    const parts = [revision, sql`SELECT count(*) FROM ${table}`, sql`SELECT max(rowid) FROM ${table}`, ...further];
    const texts = parts.map((part) => sql`(${part})`);
    return build.select({ version: sql`concat_ws(' ', ${sql.join(texts, sql`, `)})` }).from(sql`(SELECT 1)`);
  });
