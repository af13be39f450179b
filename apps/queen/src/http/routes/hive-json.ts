import { StrictDeviceCapabilitiesJson } from "@repo/device-types";
import { type HiveCatalog, type HiveRecord, HiveRecordJson, type Labels, toHiveRecordJson } from "@repo/hive-catalog";
import * as z from "zod";

export const OVER_SSH = {
  id: "hive-prod-01",
  host: "10.0.1.100",
  port: 8600,
  ssh_host: "10.0.1.100",
  ssh_port: 22,
  ssh_user: "admin",
};
export const HIVE_EXAMPLE = {
  ...OVER_SSH,
  status: "online",
  last_heartbeat_ms: 1_761_040_800_000,
  devices: { cpu: { cores: 16, ram_gb: 64 }, gpus: [{ index: 0, name: "NVIDIA RTX 4090", vram_gb: 24 }] },
  created_at_ms: 1_761_000_000_000,
  updated_at_ms: 1_761_040_800_000,
  labels: { env: "prod", rack: "r12" },
};

const stored = { id: z.string(), host: z.string(), ssh_host: z.string().nullable(), ssh_user: z.string().nullable() };
const amount = z.int().min(0);
const { in: DevicesIn } = StrictDeviceCapabilitiesJson;
const StoredGpu = DevicesIn.shape.gpus.unwrap().element.extend({ name: z.string() }).meta({ id: "StoredGpu" });
const StoredDevices = z.strictObject({
  cpu: z.strictObject({ cores: amount, ram_gb: amount }).nullable(),
  gpus: z.array(StoredGpu).nullable(),
});
const StoredLabels = z.record(z.string(), z.string());

/** What is asked of input is not promised of what other programs have stored. */
export const StoredHive = z
  .strictObject({ ...HiveRecordJson.in.shape, ...stored, devices: StoredDevices.nullable(), labels: StoredLabels })
  .meta({ id: "StoredHive", description: "A hive, as the catalog stores it, and its labels" });

export const hiveToJson = (hive: HiveRecord, labels: Labels = {}) => Object.assign(toHiveRecordJson(hive), { labels });

/** A page of hives with their labels, which are read together. */
export async function hivesToJson(hives: readonly HiveRecord[], catalog: HiveCatalog) {
  const labels = hives.length === 0 ? undefined : await catalog.labels.ofHives(hives.map(({ id }) => id));
  return hives.map((hive) => hiveToJson(hive, labels?.get(hive.id)));
}
