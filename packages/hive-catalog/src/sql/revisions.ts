import { eq, type SQL, sql } from "drizzle-orm";
import { revisions } from "../schema.ts";
import { build } from "./statement.ts";

/** Of what somebody keeps a copy. */
type Copied = "tokens" | "sessions";

/** Replaces the revision of what is called `name` if `where` holds: in the transaction of the change that it stands for. */
export function renewRevision(name: Copied, where: SQL) {
  return build
    .insert(revisions)
    .select(sql`SELECT ${name}, hex(randomblob(8)) WHERE ${where}`)
    .onConflictDoUpdate({ target: revisions.name, set: { revision: sql`excluded.revision` } });
}

/** As hexadecimal digits: another program may have stored bytes that are no text. */
export function revisionOf(name: Copied): SQL {
  return sql`(SELECT hex(${revisions.revision}) FROM ${revisions} WHERE ${eq(revisions.name, name)})`;
}
