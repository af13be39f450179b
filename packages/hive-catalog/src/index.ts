export { HiveCatalog } from "./catalog.ts";
export type { DamagedHive } from "./damage.ts";
export { type FieldProblem, HIVE_CATALOG_ERROR_CODES, HiveCatalogError, type HiveCatalogErrorCode } from "./errors.ts";
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
