import { hash } from "node:crypto";
import { decodeDevices, GPU_IDENTITY_VERSION, identifyGpu, memoryGbOf } from "@repo/device-types";
import { and, eq, type SQL, sql } from "drizzle-orm";
import { gpuFields, type HiveGpus, UNKNOWN_MEMORY } from "../model/gpu.ts";
import type { DevicesInput } from "../model/hive.ts";
import { hiveGpus } from "../schema.ts";
import { RowReader } from "../sql/rows.ts";
import { build } from "../sql/statement.ts";

export const gpuReader = new RowReader<HiveGpus>({ table: hiveGpus, fields: gpuFields, thing: "GPU" });

/** The rows of a hive, without its id, in the order of the columns; and the hash of what they are derived from. */
export type DerivedGpus = {
  readonly rows: readonly (readonly [model: string, vendor: string, vramGb: number, count: number])[];
  readonly devicesHash: number;
};

const NO_GPU = ["", "", UNKNOWN_MEMORY, 0] as const;
const HASH_BYTES = 6;

/** What is derived from stored devices. No rows where it is not known which GPUs there are. */
export function derivedGpus(devicesJson: string | null, devices: DevicesInput | null): DerivedGpus {
  const devicesHash = hashOfDevices(devicesJson ?? "");
  if (devices?.gpus == null) return { rows: [], devicesHash };
  const counts = new Map<string, [string, string, number, number]>();
  for (const gpu of devices.gpus) {
    const { vendor, model } = identifyGpu(gpu.name, gpu.vendor);
    const vramGb = memoryGbOf(gpu, devices.cpu) ?? UNKNOWN_MEMORY;
    const kind = `${vendor} ${vramGb} ${model}`;
    const row = counts.get(kind);
    if (row === undefined) counts.set(kind, [model, vendor ?? "", vramGb, 1]);
    else row[3]++;
  }
  return { rows: counts.size === 0 ? [NO_GPU] : [...counts.values()], devicesHash };
}

/** The same of what a column holds: damaged devices are not known. */
export function derivedFromText(devicesJson: string | null): DerivedGpus {
  try {
    return derivedGpus(devicesJson, devicesJson === null ? null : decodeDevices(JSON.parse(devicesJson)));
  } catch {
    return derivedGpus(devicesJson, null);
  }
}

/** Another one when the devices, or the rule by which GPUs are known, are other ones. Six bytes are enough to notice that, and small in each row. */
export function hashOfDevices(devicesJson: string): number {
  return hash("sha1", `${GPU_IDENTITY_VERSION} ${devicesJson}`, "buffer").readUIntBE(0, HASH_BYTES);
}

type Hive = { id: SQL };
/** `gpus` are the derived rows as a JSON list. */
type Given = Hive & { gpus: SQL; devicesHash: SQL };

/** The GPUs of a hive go, if `where` holds. */
export function removeGpus({ id }: Hive, where?: SQL) {
  return build.delete(hiveGpus).where(and(eq(hiveGpus.hiveId, id), where));
}

/** Adds GPUs that are not there. */
export function addGpus({ id, gpus, devicesHash }: Given, where: SQL) {
  const cells = sql.join(
    [0, 1, 2, 3].map((place) => sql`gpu.value ->> ${sql.raw(String(place))}`),
    sql`, `,
  );
  return build
    .insert(hiveGpus)
    .select(sql`SELECT ${id}, ${cells}, ${devicesHash} FROM json_each(${gpus}) AS gpu WHERE ${where}`);
}
