import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { HIVE_STATUSES } from "./record.ts";

/**
 * The hives of the fleet. Rows are checked when they are written and when they are read, not by constraints: one bad row
 * in an adopted file must never shut out the others.
 */
export const hives = sqliteTable(
  "hives",
  {
    id: text("id").primaryKey(),
    host: text("host").notNull(),
    port: integer("port").notNull(),
    sshHost: text("ssh_host"),
    sshPort: integer("ssh_port"),
    sshUser: text("ssh_user"),
    status: text("status", { enum: HIVE_STATUSES }).notNull().default("unknown"),
    lastHeartbeatMs: integer("last_heartbeat_ms"),
    /** `DeviceCapabilitiesJson`; NULL until detected. */
    devicesJson: text("devices_json"),
    createdAtMs: integer("created_at_ms").notNull(),
    updatedAtMs: integer("updated_at_ms").notNull(),
  },
  (table) => [
    // findHivesByStatus, page by page in the order of ids, and countByStatus.
    index("idx_hives_status_id").on(table.status, table.id),
    // findStaleHives, oldest beat first. The one index that every heartbeat has to maintain.
    index("idx_hives_heartbeat").on(table.lastHeartbeatMs),
    // findHivesWithoutDevices: keeps the b-tree of hives that wait for detection small.
    index("idx_hives_without_devices").on(table.id).where(sql`devices_json IS NULL`),
  ],
);
