/** What keeps a catalog safe, beside its daily use: copies of it, what is wrong with it, and what it is. */
export { type BackupOptions, backupCatalog, type CopyResult } from "./maintenance/backup.ts";
export { type CatalogCheck, checkCatalog } from "./maintenance/check.ts";
export type { CopyProgress } from "./maintenance/copy.ts";
export { type CatalogInfo, catalogInfo, type FileInfo } from "./maintenance/info.ts";
export { type RestoreOptions, restoreCatalog } from "./maintenance/restore.ts";
export type { SchemaDifferences } from "./maintenance/schema-comparison.ts";
export type { ReadOptions } from "./maintenance/source.ts";
