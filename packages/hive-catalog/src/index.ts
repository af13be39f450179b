import type * as Backup from "./maintenance/backup.ts";
import type * as Check from "./maintenance/check.ts";
import type * as Info from "./maintenance/info.ts";
import type * as Restore from "./maintenance/restore.ts";

export { HiveCatalog } from "./catalog.ts";
export { type FieldProblem, HIVE_CATALOG_ERROR_CODES, HiveCatalogError, type HiveCatalogErrorCode } from "./errors.ts";
export type { DamagedHive } from "./hives/damage.ts";
export type { BackupOptions, CopyResult } from "./maintenance/backup.ts";
export type { CatalogCheck } from "./maintenance/check.ts";
export type { CopyProgress } from "./maintenance/copy.ts";
export type { CatalogInfo, FileInfo } from "./maintenance/info.ts";
export type { RestoreOptions } from "./maintenance/restore.ts";
export type { SchemaDifferences } from "./maintenance/schema-comparison.ts";
export type { ReadOptions } from "./maintenance/source.ts";
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
  toHiveRecordJson,
} from "./model/hive.ts";
export {
  Cordon,
  HostKey,
  MAX_OUTPUT_TAIL,
  MAX_PROBLEM,
  NewCordon,
  NewHostKey,
  NewOperation,
  NewToken,
  OPERATION_KINDS,
  OPERATION_STATES,
  OperationEnd,
  OperationProgress,
  OperationRecord,
  OperationStep,
  StoredToken,
  TOKEN_ROLES,
  TokenRecord,
} from "./model/records.ts";
export type { CordonListOptions, ListOptions, OpenOptions, OperationListOptions, StaleOptions } from "./options.ts";
export type { DamagedRecord } from "./records/record-table.ts";

// Loaded at the first call: who only opens a catalog starts sooner without.
export const backupCatalog: typeof Backup.backupCatalog = async (...given) =>
  (await import("./maintenance/backup.ts")).backupCatalog(...given);
export const restoreCatalog: typeof Restore.restoreCatalog = async (...given) =>
  (await import("./maintenance/restore.ts")).restoreCatalog(...given);
export const checkCatalog: typeof Check.checkCatalog = async (...given) =>
  (await import("./maintenance/check.ts")).checkCatalog(...given);
export const catalogInfo: typeof Info.catalogInfo = async (...given) =>
  (await import("./maintenance/info.ts")).catalogInfo(...given);
