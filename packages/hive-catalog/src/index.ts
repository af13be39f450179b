export { HiveCatalog } from "./catalog.ts";
export { Cordon, NewCordon } from "./cordons.ts";
export type { DamagedHive } from "./damage.ts";
export { type FieldProblem, HIVE_CATALOG_ERROR_CODES, HiveCatalogError, type HiveCatalogErrorCode } from "./errors.ts";
export { HostKey, NewHostKey } from "./host-keys.ts";
export { type BackupOptions, backupCatalog, type CopyResult } from "./maintenance/backup.ts";
export { type CatalogCheck, checkCatalog } from "./maintenance/check.ts";
export type { CopyProgress } from "./maintenance/copy.ts";
export { type CatalogInfo, catalogInfo, type FileInfo } from "./maintenance/info.ts";
export { type RestoreOptions, restoreCatalog } from "./maintenance/restore.ts";
export type { SchemaDifferences } from "./maintenance/schema-comparison.ts";
export type { ReadOptions } from "./maintenance/source.ts";
export {
  MAX_OUTPUT_TAIL,
  MAX_PROBLEM,
  NewOperation,
  OPERATION_KINDS,
  OPERATION_STATES,
  OperationEnd,
  OperationProgress,
  OperationRecord,
  OperationStep,
} from "./operation-record.ts";
export type { OperationListOptions } from "./operations.ts";
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
export type { DamagedRecord } from "./record-table.ts";
export { NewToken, type StoredToken, TOKEN_ROLES, TokenRecord } from "./tokens.ts";
