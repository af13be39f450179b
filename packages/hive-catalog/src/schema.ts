import { type $Type, type NotNull, sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type * as z from "zod";
import { cordonFields } from "./model/cordon.ts";
import type { Field, Fields } from "./model/fields.ts";
import { gpuFields } from "./model/gpu.ts";
import { hiveFields, LACKS_DEVICES } from "./model/hive.ts";
import { hostKeyFields } from "./model/host-key.ts";
import { labelFields } from "./model/label.ts";
import { operationFields } from "./model/operation.ts";
import { queenFields } from "./model/queen.ts";
import { sessionFields } from "./model/session.ts";
import { tokenFields } from "./model/token.ts";

const textColumn = (name: string) => text(name);
const integerColumn = (name: string) => integer(name);

type Builder<F extends Field> = F["stored"]["type"] extends "integer"
  ? ReturnType<typeof integerColumn>
  : ReturnType<typeof textColumn>;
/** JSON is held as text. */
type Held<F extends Field> = F["stored"] extends { decode: unknown } ? string : NonNullable<z.output<F["rule"]>>;
type Column<F extends Field> = F["isNullable"] extends true
  ? $Type<Builder<F>, Held<F>>
  : NotNull<$Type<Builder<F>, Held<F>>>;

/** The columns of a table, from what the model says of its fields. */
function columnsOf<F extends Fields>(fields: F): { [Name in keyof F]: Column<F[Name]> } {
  const columns = Object.entries(fields).map(([name, { column, isNullable, stored, initial }]) => {
    const builder = stored.type === "integer" ? integerColumn(column) : textColumn(column);
    const mayBeNull = isNullable ? builder : builder.notNull();
    return [name, initial === undefined ? mayBeNull : mayBeNull.default(initial as never)];
  });
  return Object.fromEntries(columns);
}

/**
 * The hives of the fleet. Rows are checked when they are written and when they are read, not by constraints: one bad row
 * in an adopted file must never shut out the others.
 */
export const hives = sqliteTable("hives", { ...columnsOf(hiveFields), id: text("id").primaryKey() }, (table) => [
  // findHivesByStatus, page by page in the order of ids, and countByStatus.
  index("idx_hives_status_id").on(table.status, table.id),
  // findStaleHives, oldest beat first. The one index that every heartbeat has to maintain: a group of beats costs a quarter more, and the
  // search a hundredth, as measured with 100,000 hives that beat in turn.
  index("idx_hives_heartbeat").on(table.lastHeartbeatMs),
  // findHivesWithoutDevices: keeps the b-tree of hives that wait for detection small.
  index("idx_hives_lacking_devices").on(table.id).where(sql.raw(LACKS_DEVICES)),
]);

/** Hives that get no new work for now, by an operator's word. */
export const cordons = sqliteTable("cordons", {
  ...columnsOf(cordonFields),
  hiveId: text("hive_id").primaryKey(),
});

/** Who may call the queen: of each token its hash alone. A revoked one stays for a while, so that its use can be told from a wrong one. */
export const tokens = sqliteTable("tokens", { ...columnsOf(tokenFields), id: text("id").primaryKey() }, (table) => [
  // removeHive, which removes the hive's tokens.
  index("idx_tokens_hive").on(table.hiveId).where(sql`hive_id IS NOT NULL`),
  // tokens.version, which counts the revoked ones.
  index("idx_tokens_revoked").on(table.revokedAtMs).where(sql`revoked_at_ms IS NOT NULL`),
]);

/** Who logged in with a token, for a while. */
export const sessions = sqliteTable(
  "sessions",
  { ...columnsOf(sessionFields), cookieHash: text("cookie_hash").primaryKey() },
  (table) => [
    // Those of a token, of which add keeps the newest and tokens.revoke none.
    index("idx_sessions_token").on(table.tokenId),
    // What add prunes.
    index("idx_sessions_expires").on(table.expiresAtMs),
  ],
);

/** What was done to hives, and is being done. */
export const operations = sqliteTable(
  "operations",
  {
    ...columnsOf(operationFields),
    id: text("id").primaryKey(),
    /** NULL while the hive is in the catalog. */
    hiveRemovedAtMs: integer("hive_removed_at_ms"),
  },
  (table) => [
    // The operations of a hive, newest first, and what begin prunes of them.
    index("idx_operations_hive").on(table.hiveId),
    // One at a time for a hive: decides races between two that begin. Also finds the unfinished ones.
    uniqueIndex("idx_operations_unfinished").on(table.hiveId).where(sql`finished_at_ms IS NULL`),
    // What begin prunes of the hives that were removed.
    index("idx_operations_hive_removed").on(table.hiveRemovedAtMs).where(sql`hive_removed_at_ms IS NOT NULL`),
  ],
);

/** The SSH host keys that an operator confirmed. */
export const hostKeys = sqliteTable("host_keys", columnsOf(hostKeyFields), (table) => [
  primaryKey({ columns: [table.host, table.port, table.keyType] }),
]);

/** The queens that run on this catalog. */
export const queens = sqliteTable("queens", { ...columnsOf(queenFields), id: text("id").primaryKey() });

/** For each thing of which somebody keeps a copy a text that every change replaces: at random, so that a restored catalog has another one too. */
export const revisions = sqliteTable("revisions", {
  name: text("name").primaryKey(),
  revision: text("revision").notNull(),
});

/** What operators wrote on hives, to choose them by. */
export const hiveLabels = sqliteTable("hive_labels", columnsOf(labelFields), (table) => [
  // Hives with a label, page by page in the order of ids; and which keys and values there are.
  primaryKey({ columns: [table.key, table.value, table.hiveId] }),
  // The labels of a hive, without their rows.
  index("idx_hive_labels_hive").on(table.hiveId, table.key, table.value),
]);

/** The kinds of GPU of each hive, derived from `devices_json` whenever that is written. */
export const hiveGpus = sqliteTable("hive_gpus", columnsOf(gpuFields), (table) => [
  // Hives with a model, page by page in the order of ids; and which models there are.
  primaryKey({ columns: [table.model, table.hiveId, table.vendor, table.vramGb] }),
  // The GPUs of a hive; and whether they are those of its devices, without their rows.
  index("idx_hive_gpus_hive").on(table.hiveId, table.devicesHash),
]);
