/** Looking after a catalog as a whole: with a queen that uses it, or without one. */
export {
  type BackupOptions,
  backupCatalog,
  type CopyResult,
  type RestoreOptions,
  restoreCatalog,
} from "./maintenance/backup.ts";
export { type CatalogCheck, checkCatalog } from "./maintenance/check.ts";
export type { CopyProgress } from "./maintenance/copy.ts";
export { type CatalogInfo, catalogInfo, type FileInfo } from "./maintenance/info.ts";
export type { SchemaDifferences } from "./maintenance/schema-comparison.ts";
export type { ReadOptions } from "./maintenance/source.ts";
