import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { HIVE_STATUSES } from "./model/hive.ts";

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
    // findStaleHives, oldest beat first. The one index that every heartbeat has to maintain. Measured with 100,000 hives that beat in turn:
    // a group of 256 beats costs a quarter more, and the search takes 0.3 ms instead of 30.
    index("idx_hives_heartbeat").on(table.lastHeartbeatMs),
    // findHivesWithoutDevices: keeps the b-tree of hives that wait for detection small.
    index("idx_hives_without_devices").on(table.id).where(sql`devices_json IS NULL`),
  ],
);

/** Hives that get no new work for now, by an operator's word. */
export const cordons = sqliteTable("cordons", {
  hiveId: text("hive_id").primaryKey(),
  reason: text("reason").notNull(),
  /** NULL until lifted. */
  untilMs: integer("until_ms"),
  createdAtMs: integer("created_at_ms").notNull(),
});

/** Who may call the queen: of each token its hash alone. A revoked one stays, so that its use can be told from a wrong one. */
export const tokens = sqliteTable(
  "tokens",
  {
    id: text("id").primaryKey(),
    name: text("name").notNull(),
    role: text("role").notNull(),
    /** Of a hive's token alone. */
    hiveId: text("hive_id"),
    /** SHA-256, in lowercase hexadecimal. */
    hash: text("hash").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    revokedAtMs: integer("revoked_at_ms"),
  },
  // removeHive, which removes the hive's tokens.
  (table) => [index("idx_tokens_hive").on(table.hiveId).where(sql`hive_id IS NOT NULL`)],
);

/** What was done to hives, and is being done. */
export const operations = sqliteTable(
  "operations",
  {
    id: text("id").primaryKey(),
    hiveId: text("hive_id").notNull(),
    kind: text("kind").notNull(),
    state: text("state").notNull(),
    owner: text("owner").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    deadlineMs: integer("deadline_ms").notNull(),
    /** NULL while it runs. */
    finishedAtMs: integer("finished_at_ms"),
    problem: text("problem"),
    // The long ones last: SQLite reads what stands before them without their pages.
    steps: text("steps_json").notNull(),
    outputTail: text("output_tail").notNull(),
  },
  (table) => [
    // The operations of a hive, newest first, and what begin prunes of them.
    index("idx_operations_hive").on(table.hiveId),
    // One at a time for a hive: decides races between two that begin. Also finds the unfinished ones.
    uniqueIndex("idx_operations_unfinished").on(table.hiveId).where(sql`finished_at_ms IS NULL`),
  ],
);

/** The SSH host keys that an operator confirmed. */
export const hostKeys = sqliteTable(
  "host_keys",
  {
    /** In lowercase. */
    host: text("host").notNull(),
    port: integer("port").notNull(),
    keyType: text("key_type").notNull(),
    publicKey: text("public_key").notNull(),
    pinnedAtMs: integer("pinned_at_ms").notNull(),
  },
  (table) => [primaryKey({ columns: [table.host, table.port, table.keyType] })],
);
