import { and, asc, eq, gt, isNotNull, isNull, lt, ne, or, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { cordons, hives, operations, tokens } from "../schema.ts";
import type { Database } from "../sql/open.ts";
import { given, statementsOn } from "../sql/statement.ts";
import { damageColumns } from "./damage.ts";
import { laterBeat } from "./heartbeat-rule.ts";
import { lineColumns, pageColumns, recordColumns } from "./rows.ts";
import { countOfStatus } from "./status-count.ts";

/** Operations that are kept of hives that were removed, of all of them together. */
const KEPT_OF_GONE_HIVES = 1000;

/** Every statement of the catalog that is known beforehand, built once for each open database. */
export type Statements = ReturnType<typeof buildStatements>;

export function buildStatements({ client, db }: Database) {
  const statement = statementsOn(client);
  const select = (columns: Record<string, SQL | SQL.Aliased>, condition?: SQL) =>
    db.select(columns).from(hives).where(condition).$dynamic();
  const ofId = eq(hives.id, given("id"));
  const createdVersion = sql<string>`hex(${hives.createdAtMs})`;
  const updatedVersion = sql<string>`hex(${hives.updatedAtMs})`;

  const isGone = sql`NOT EXISTS (SELECT 1 FROM ${hives} WHERE ${ofId})`;

  /**
   * A query in pages: the first one and the one after a given row, each in one piece or, if that holds damage, row by row. Keyset pages:
   * each costs the same, however far it is.
   */
  const pages = (condition: SQL | undefined, order: SQLiteColumn[], after: SQL) => {
    const ordered = (columns: Record<string, SQL | SQL.Aliased>, where: SQL | undefined) =>
      select(columns, where)
        .orderBy(...order.map(asc))
        .limit(sql.placeholder("limit"));
    const page = (where: SQL | undefined) => ({
      whole: statement(() => db.select(pageColumns).from(ordered(lineColumns, where).as("page"))),
      rows: statement(() => ordered(recordColumns, where)),
    });
    return { first: page(condition), next: page(and(condition, after)) };
  };
  const byId = (condition?: SQL) => pages(condition, [hives.id], gt(hives.id, given("afterId")));
  const byBeat = (condition: SQL) => {
    const after = sql`(${hives.lastHeartbeatMs}, ${hives.id}) > (${given("afterMs")}, ${given("afterId")})`;
    return pages(condition, [hives.lastHeartbeatMs, hives.id], after);
  };

  return {
    get: statement(() => select(recordColumns, ofId)),
    /** Hexadecimal, because a damaged time may be anything. */
    version: statement(() =>
      select({ created: createdVersion, updated: updatedVersion, status: sql`hex(${hives.status})` }, ofId),
    ),
    /** One row, whatever it holds. */
    inspect: statement(() => select(damageColumns, sql`rowid = ${given("rowId")}`)),
    exists: statement(() => select({ found: sql`1` }, ofId)),

    all: byId(),
    withStatus: byId(eq(hives.status, given("status"))),
    withDevices: byId(isNotNull(hives.devicesJson)),
    withoutDevices: byId(isNull(hives.devicesJson)),
    stale: byBeat(lt(hives.lastHeartbeatMs, given("beforeMs"))),

    count: statement(() => select({ count: sql`count(*)` })),
    countStatus: statement(() => countOfStatus(db)),

    /** The primary key decides races between two adds of one id. */
    add: statement(() =>
      db
        .insert(hives)
        .values({
          id: given("id"),
          host: given("host"),
          port: given("port"),
          sshHost: given("sshHost"),
          sshPort: given("sshPort"),
          sshUser: given("sshUser"),
          status: given("status"),
          lastHeartbeatMs: given("lastHeartbeatMs"),
          devicesJson: given("devicesJson"),
          createdAtMs: given("createdAtMs"),
          updatedAtMs: given("updatedAtMs"),
        })
        .onConflictDoNothing({ target: hives.id }),
    ),

    update: statement(() =>
      db
        .update(hives)
        .set({
          host: given("host"),
          port: given("port"),
          sshHost: given("sshHost"),
          sshPort: given("sshPort"),
          sshUser: given("sshUser"),
          status: given("status"),
          lastHeartbeatMs: laterBeat(sql<number>, {
            beatMs: given("lastHeartbeatMs"),
            storedMs: hives.lastHeartbeatMs,
            believableMs: given("believableMs"),
          }),
          devicesJson: given("devicesJson"),
          updatedAtMs: given("nowMs"),
        })
        .where(ofId)
        .returning(recordColumns),
    ),

    setStatus: statement(() =>
      db
        .update(hives)
        .set({ status: given("status"), updatedAtMs: given("nowMs") })
        .where(ofId),
    ),

    /** For a change that may have happened: not if anything, itself included, changed the hive since. */
    setStatusOfVersion: statement(() =>
      db
        .update(hives)
        .set({ status: given("status"), updatedAtMs: given("nowMs") })
        .where(and(ofId, eq(updatedVersion, given("updated")))),
    ),

    setDevices: statement(() =>
      db
        .update(hives)
        .set({ devicesJson: given("devicesJson"), updatedAtMs: given("nowMs") })
        .where(ofId),
    ),

    /** Offline, unless a beat that can be believed came since. */
    setOffline: statement(() =>
      db
        .update(hives)
        .set({ status: "offline", updatedAtMs: given("nowMs") })
        .where(
          and(
            ofId,
            ne(hives.status, "offline"),
            or(
              isNull(hives.lastHeartbeatMs),
              lt(hives.lastHeartbeatMs, given("notBeatSinceMs")),
              gt(hives.lastHeartbeatMs, given("believableMs")),
            ),
          ),
        ),
    ),

    remove: statement(() => db.delete(hives).where(ofId)),
    /** For a change that may have happened: not a hive that was added since. */
    removeOfVersion: statement(() => db.delete(hives).where(and(ofId, eq(createdVersion, given("created"))))),
    /** Not of a hive that was added since. */
    removeCordon: statement(() => db.delete(cordons).where(and(eq(cordons.hiveId, given("id")), isGone))),
    removeTokens: statement(() => db.delete(tokens).where(and(eq(tokens.hiveId, given("id")), isGone))),
    /** If the hive had any. Goes through idx_operations_hive from hive to hive: reading all rows takes 25 times as long where there are many. */
    pruneOperations: statement(() =>
      db.delete(operations).where(
        and(
          isNotNull(operations.finishedAtMs),
          sql`rowid IN (
            WITH RECURSIVE known(id) AS (
              SELECT min(hive_id) FROM ${operations} WHERE EXISTS (SELECT 1 FROM ${operations} WHERE hive_id = ${given("id")})
              UNION ALL
              SELECT (SELECT min(hive_id) FROM ${operations} WHERE hive_id > known.id) FROM known WHERE known.id IS NOT NULL
            )
            SELECT rowid FROM ${operations}
            WHERE hive_id IN (SELECT id FROM known WHERE NOT EXISTS (SELECT 1 FROM ${hives} WHERE ${hives.id} = known.id))
            ORDER BY rowid DESC LIMIT -1 OFFSET ${sql.raw(String(KEPT_OF_GONE_HIVES))}
          )`,
        ),
      ),
    ),
  };
}
