import { and, asc, eq, gt, isNotNull, isNull, lt, ne, or, type SQL, sql } from "drizzle-orm";
import type { LibSQLDatabase } from "drizzle-orm/libsql/driver-core";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { laterBeat } from "./heartbeat-rule.ts";
import { recordColumns } from "./rows.ts";
import { hives } from "./schema.ts";

const value = (name: string) => sql.placeholder(name);

/** Every statement of the catalog that is known beforehand, built once for each open database. */
export type Statements = ReturnType<typeof buildStatements>;

export function buildStatements(db: LibSQLDatabase) {
  const records = () => db.select(recordColumns).from(hives).$dynamic();

  /** The first page of a finder, and the page after a given row. Keyset pages: each costs the same, however far it is. */
  const pages = (condition: SQL | undefined, order: SQLiteColumn[], after: SQL) => ({
    first: records()
      .where(condition)
      .orderBy(...order.map(asc))
      .limit(value("limit"))
      .prepare(),
    next: records()
      .where(and(condition, after))
      .orderBy(...order.map(asc))
      .limit(value("limit"))
      .prepare(),
  });
  const byId = (condition?: SQL) => pages(condition, [hives.id], gt(hives.id, value("afterId")));

  return {
    get: records()
      .where(eq(hives.id, value("id")))
      .prepare(),
    exists: db
      .select({ found: sql`1` })
      .from(hives)
      .where(eq(hives.id, value("id")))
      .prepare(),

    all: byId(),
    withStatus: byId(eq(hives.status, value("status"))),
    withDevices: byId(isNotNull(hives.devicesJson)),
    withoutDevices: byId(isNull(hives.devicesJson)),
    stale: pages(
      lt(hives.lastHeartbeatMs, value("beforeMs")),
      [hives.lastHeartbeatMs, hives.id],
      sql`(${hives.lastHeartbeatMs}, ${hives.id}) > (${value("afterMs")}, ${value("afterId")})`,
    ),

    count: db.select({ count: sql`count(*)` }).from(hives).prepare(),
    countStatus: db
      .select({ count: sql`count(*)` })
      .from(hives)
      .where(eq(hives.status, value("status")))
      .prepare(),

    add: db
      .insert(hives)
      .values({
        id: value("id"),
        host: value("host"),
        port: value("port"),
        sshHost: value("sshHost"),
        sshPort: value("sshPort"),
        sshUser: value("sshUser"),
        status: value("status"),
        lastHeartbeatMs: value("lastHeartbeatMs"),
        devicesJson: value("devicesJson"),
        createdAtMs: value("createdAtMs"),
        updatedAtMs: value("updatedAtMs"),
      })
      // The primary key decides races between two adds of one id.
      .onConflictDoNothing()
      .prepare(),

    update: db
      .update(hives)
      .set({
        host: sql`${value("host")}`,
        port: sql`${value("port")}`,
        sshHost: sql`${value("sshHost")}`,
        sshPort: sql`${value("sshPort")}`,
        sshUser: sql`${value("sshUser")}`,
        status: sql`${value("status")}`,
        lastHeartbeatMs: laterBeat(sql`${value("lastHeartbeatMs")}`, sql`${value("believableMs")}`),
        devicesJson: sql`${value("devicesJson")}`,
        updatedAtMs: sql`${value("nowMs")}`,
      })
      .where(eq(hives.id, value("id")))
      .returning(recordColumns)
      .prepare(),

    setStatus: db
      .update(hives)
      .set({ status: sql`${value("status")}`, updatedAtMs: sql`${value("nowMs")}` })
      .where(eq(hives.id, value("id")))
      .prepare(),

    setDevices: db
      .update(hives)
      .set({ devicesJson: sql`${value("devicesJson")}`, updatedAtMs: sql`${value("nowMs")}` })
      .where(eq(hives.id, value("id")))
      .prepare(),

    /** Offline, unless a beat that can be believed came since. */
    setOffline: db
      .update(hives)
      .set({ status: "offline", updatedAtMs: sql`${value("nowMs")}` })
      .where(
        and(
          eq(hives.id, value("id")),
          ne(hives.status, "offline"),
          or(
            isNull(hives.lastHeartbeatMs),
            lt(hives.lastHeartbeatMs, value("notBeatSinceMs")),
            gt(hives.lastHeartbeatMs, value("believableMs")),
          ),
        ),
      )
      .prepare(),

    remove: db
      .delete(hives)
      .where(eq(hives.id, value("id")))
      .prepare(),
  };
}
