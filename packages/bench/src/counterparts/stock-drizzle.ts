import { pathToFileURL } from "node:url";
import { createClient } from "@libsql/client";
import type { HiveRecord } from "@repo/hive-catalog";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { devicesOf } from "./by-hand.ts";

const hives = sqliteTable(
  "hives",
  {
    id: text().primaryKey(),
    host: text().notNull(),
    port: integer().notNull(),
    sshHost: text("ssh_host"),
    sshPort: integer("ssh_port"),
    sshUser: text("ssh_user"),
    status: text({ enum: ["unknown", "online", "offline"] }).notNull(),
    lastHeartbeatMs: integer("last_heartbeat_ms"),
    devices: text("devices_json", { mode: "json" }).$type<Parameters<typeof devicesOf>[0]>(),
    createdAtMs: integer("created_at_ms").notNull(),
    updatedAtMs: integer("updated_at_ms").notNull(),
  },
  (table) => [index("idx_hives_status").on(table.status), index("idx_hives_heartbeat").on(table.lastHeartbeatMs)],
);

/** What one writes first: drizzle on the stock @libsql/client, a query built for each call. */
export function openStockDrizzle(path: string) {
  const client = createClient({ url: pathToFileURL(path).href });
  const db = drizzle(client);
  return {
    async getHive(id: string): Promise<HiveRecord | undefined> {
      const [row] = await db.select().from(hives).where(eq(hives.id, id));
      return row && { ...row, devices: row.devices && devicesOf(row.devices) };
    },
    close: () => client.close(),
  };
}
