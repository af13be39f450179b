import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HiveCatalog } from "./catalog.ts";
import type { HiveRecord } from "./model/hive.ts";
import type { OpenOptions } from "./options.ts";

/** A new, empty folder for the files of one test; removed when it is disposed of. */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "hive-catalog-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A catalog on a fresh temporary file, whose folder is removed when the catalog is closed. */
export async function openTestCatalog(options?: OpenOptions): Promise<HiveCatalog> {
  const folder = await temporaryFolder();
  const catalog = await HiveCatalog.open(join(folder.path, "hives.db"), options);
  const close = catalog.close.bind(catalog);
  catalog.close = async () => {
    await close();
    await folder[Symbol.asyncDispose]();
  };
  return catalog;
}

/** A sound hive with every field set, except for what `overrides` say. */
export function aHive(overrides: Partial<HiveRecord> = {}): HiveRecord {
  return {
    id: "hive-prod-01",
    host: "10.0.1.100",
    port: 8600,
    sshHost: "10.0.1.100",
    sshPort: 22,
    sshUser: "admin",
    status: "unknown",
    lastHeartbeatMs: null,
    devices: { cpu: { cores: 16, ramGb: 64 }, gpus: [{ index: 0, name: "NVIDIA RTX 4090", vramGb: 24 }] },
    createdAtMs: 1_761_040_800_000,
    updatedAtMs: 1_761_040_800_000,
    ...overrides,
  };
}
