export { HiveCatalog } from "./catalog.ts";
export type { DamagedHive } from "./damage.ts";
export { type FieldProblem, HIVE_CATALOG_ERROR_CODES, HiveCatalogError, type HiveCatalogErrorCode } from "./errors.ts";
export { type BackupOptions, backupCatalog, type CopyResult } from "./maintenance/backup.ts";
export { type CatalogCheck, checkCatalog } from "./maintenance/check.ts";
export type { CopyProgress } from "./maintenance/copy.ts";
export { type CatalogInfo, catalogInfo, type FileInfo } from "./maintenance/info.ts";
export { type RestoreOptions, restoreCatalog } from "./maintenance/restore.ts";
export type { SchemaDifferences } from "./maintenance/schema-comparison.ts";
export type { ReadOptions } from "./maintenance/source.ts";
export type { ListOptions, OpenOptions, StaleOptions } from "./options.ts";
export {
  HIVE_ID_PATTERN,
  HIVE_STATUSES,
  HiveChanges,
  HiveChangesJson,
  HiveRecord,
  HiveRecordJson,
  HiveStatus,
  isHost,
  NewHive,
  NewHiveJson,
} from "./record.ts";
