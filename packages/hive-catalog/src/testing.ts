import { accessSync, constants, statfsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HiveCatalog } from "./catalog.ts";
import { plain } from "./drivers/client.ts";
import { FileClient } from "./drivers/file/client.ts";
import { type HiveRecord, type NewHive, newHiveRecord } from "./model/hive.ts";
import type { OpenOptions } from "./options.ts";
import { type DerivedGpus, derivedFromText } from "./traits/gpus.ts";

const IN_MEMORY = "/dev/shm";
/** What many tests that run at once may fill it with; in a container it often holds 64 MB. */
const ENOUGH_BYTES = 2 ** 30;

/** A new, empty folder for the files of one test; removed when it is disposed of, whatever a process that just ends writes there meanwhile. */
export async function temporaryFolder(parent = tmpdir()): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(parent, "hive-catalog-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 10 }) };
}

/** A catalog for a test. */
export type TestCatalog = HiveCatalog & {
  readonly path: string;
  /** Runs SQL in the catalog's file, as another program would: to damage it, or to see what is stored. Resolves to the rows of a query. */
  run(sql: string): Promise<readonly (readonly unknown[])[]>;
};

let emptyFile: Promise<Buffer> | undefined;

/** The file of a catalog without hives. Made once: the migrations take two thirds of what a test's catalog costs, as measured. */
async function makeEmptyFile(): Promise<Buffer> {
  const folder = await temporaryFolder();
  try {
    const path = join(folder.path, "hives.db");
    await (await HiveCatalog.open(path)).close();
    return await readFile(path);
  } finally {
    await folder[Symbol.asyncDispose]();
  }
}

/** Where a file need not reach a disk, where the machine has room for that: waiting for disks was a tenth of the time of the tests, as measured. */
export function quickestFolder(): string {
  try {
    accessSync(IN_MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(IN_MEMORY);
    return bavail * bsize >= ENOUGH_BYTES ? IN_MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}

/**
 * A catalog on a fresh temporary file, in memory where /dev/shm has room for it. Its folder is removed when the catalog is closed, or could not be
 * opened.
 */
export async function openTestCatalog(options?: OpenOptions): Promise<TestCatalog> {
  emptyFile ??= makeEmptyFile();
  const bytes = await emptyFile;
  const folder = await temporaryFolder(quickestFolder());
  const path = join(folder.path, "hives.db");
  await writeFile(path, bytes, { mode: 0o600 });
  const catalog = await HiveCatalog.open(path, options).catch(async (error) => {
    await folder[Symbol.asyncDispose]();
    throw error;
  });
  const close = catalog.close.bind(catalog);
  return Object.assign(catalog, {
    path,
    run: (sql: string) => runSql(path, sql),
    close: async () => {
      await close();
      await folder[Symbol.asyncDispose]();
    },
  });
}

async function runSql(path: string, sql: string): Promise<readonly (readonly unknown[])[]> {
  const client = new FileClient({ target: path, path, busyTimeoutMs: 5000 });
  try {
    return (await client.execute(plain(sql))).rows;
  } finally {
    client.close();
  }
}

/** The rows of `hive_gpus` of stored devices, which the catalog derives: model, vendor, vram_gb and n of each, and their devices_hash. */
export function gpuRowsOf(devicesJson: string): [...DerivedGpus["rows"][number], devicesHash: number][] {
  const { rows, devicesHash } = derivedFromText(devicesJson);
  return rows.map((row) => [...row, devicesHash]);
}

/** A sound hive with every field set, except for what `overrides` say. */
export function aHive(overrides: Partial<HiveRecord> = {}): HiveRecord {
  const hive: NewHive = {
    id: "hive-prod-01",
    host: "10.0.1.100",
    port: 8600,
    sshHost: "10.0.1.100",
    sshPort: 22,
    sshUser: "admin",
    devices: { cpu: { cores: 16, ramGb: 64 }, gpus: [{ index: 0, name: "NVIDIA RTX 4090", vramGb: 24 }] },
  };
  return { ...newHiveRecord(hive, 1_761_040_800_000), ...overrides };
}
