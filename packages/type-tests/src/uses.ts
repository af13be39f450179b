import { type HiveCatalog, HiveRecord, type HiveStatus, type NewHive } from "@repo/hive-catalog";
import type { HiveRecord as SharedRecord, HiveStatus as SharedStatus } from "@repo/hive-catalog/record";

/** Both entry points name the same types. */
export const sameRecord = (hive: HiveRecord): SharedRecord => hive;
export const sameStatus = (status: SharedStatus): HiveStatus => status;

export const addressOf = ({ host, port }: HiveRecord): string => `${host}:${port}`;

/** What is not known is null all the way down, and counts as nothing only where somebody says so. */
export const knownVramGb = ({ devices }: HiveRecord): number =>
  devices?.gpus?.reduce((sum, { vramGb }) => sum + (vramGb ?? 0), 0) ?? 0;

/** A new status makes this fail to compile until it has a symbol. */
export function symbolOf(status: HiveStatus): string {
  switch (status) {
    case "unknown":
      return "?";
    case "online":
      return "+";
    case "offline":
      return "-";
    default:
      return status satisfies never;
  }
}

/** The specification's example of a full update. */
export async function move(catalog: HiveCatalog, id: string, host: string): Promise<HiveRecord | undefined> {
  const hive = await catalog.getHive(id);
  if (hive === undefined) return undefined;
  hive.host = host;
  hive.port = 9000;
  hive.status = "online";
  return await catalog.updateHive(hive);
}

/** A whole record is a valid new hive, and so is one with the three fields that must be given. */
export const again = (hive: HiveRecord): NewHive => hive;
export const smallest: NewHive = { id: "localhost", host: "127.0.0.1", port: 8600 };

/** The schema of the same name turns what came from outside into a record. */
export const readHive = (value: unknown): HiveRecord => HiveRecord.parse(value);

export async function refused(catalog: HiveCatalog, hive: HiveRecord): Promise<void> {
  // @ts-expect-error a misspelt status
  hive.status = "onlin";
  // @ts-expect-error a misspelt status
  await catalog.updateHiveStatus(hive.id, "Online");
  // @ts-expect-error set once, by addHive
  hive.createdAtMs = 0;
  // @ts-expect-error the name of a hive never changes
  hive.id = "other";
  // @ts-expect-error ports are numbers
  await catalog.addHive({ id: "localhost", host: "127.0.0.1", port: "8600" });
  // @ts-expect-error a hive has a port
  await catalog.addHive({ id: "localhost", host: "127.0.0.1" });
  // @ts-expect-error there is no such field
  await catalog.addHive({ id: "localhost", host: "127.0.0.1", port: 8600, sshhost: "10.0.1.100" });
  // @ts-expect-error what is not detected yet is null
  hive.devices.gpus;
  // @ts-expect-error so are GPUs that could not be read
  hive.devices?.gpus.at(0);
  // @ts-expect-error and memory that its host does not know
  hive.devices?.gpus?.at(0)?.vramGb.toFixed();
}
