/** A library and a program of another repository; compiled and run outside this one, each time with another tsconfig. */
import type { DeviceCapabilities } from "@repo/device-types";
import { HiveCatalog, type HiveRecord, type NewHive } from "@repo/hive-catalog";
import { type CatalogCheck, checkCatalog } from "@repo/hive-catalog/maintenance";
import { HiveStatus } from "@repo/hive-catalog/record";
import * as tables from "@repo/hive-catalog/schema";
import { aHive } from "@repo/hive-catalog/testing";
import { eq, getTableName } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql";

/** What is inferred from the packages gets into this library's own declarations. */
export type Row = typeof tables.hives.$inferSelect;
export const readStatus = (value: unknown) => HiveStatus.parse(value);
export const devicesOf = (hive: HiveRecord): DeviceCapabilities | null => hive.devices;
export const add = (catalog: HiveCatalog, hive: NewHive) => catalog.addHive(hive);
export const check = (path: string): Promise<CatalogCheck> => checkCatalog(path);

// @ts-expect-error a misspelt status: the types have arrived, and are not `any`
export const misspelt: NewHive = { id: "gpu-02", host: "10.0.0.2", port: 8600, status: "onlin" };
// @ts-expect-error a port is a number
export const portOf = (row: Row): string => row.port;

async function run(path: string) {
  const catalog = await HiveCatalog.open(path);
  await add(catalog, aHive({ id: "gpu-01", host: "10.0.0.1", status: readStatus("online") }));
  const hive = await catalog.getHive("gpu-01");
  const database = drizzle(`file:${path}`);
  const { hives } = tables;
  const rows = await database.select({ host: hives.host, port: hives.port }).from(hives).where(eq(hives.id, "gpu-01"));
  database.$client.close();
  await catalog.close();
  return {
    gpus: hive && devicesOf(hive)?.gpus?.map(({ name }) => name),
    rows,
    isSound: (await check(path)).isSound,
    tables: Object.values(tables).map((table) => getTableName(table)),
  };
}

const [, , path] = process.argv;
if (path !== undefined) console.log(JSON.stringify(await run(path)));
