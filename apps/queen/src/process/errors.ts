import { HiveCatalogError, type HiveCatalogErrorCode } from "@repo/hive-catalog";
import { pino } from "pino";

/** What may happen to any queen, and is not hers to mend: its message says all there is to know. */
export class ForeseenError extends Error {
  override readonly name: string = "ForeseenError";
}

/** One of a closed list of them. */
export class CodedError<Code extends string> extends ForeseenError {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A setting that shows to be wrong only when it is used; the message names it. */
export class SettingError extends ForeseenError {
  override readonly name = "SettingError";
}

/** Of the catalog's errors, those that a queen meets only when she has a fault herself. */
const OWN_FAULTS: ReadonlySet<string> = new Set(["INTERNAL", "INVALID_HIVE", "INVALID_ARGUMENT"]);
/** … and those that she will get over: a catalog that is busy or away comes back. */
const PASSING: ReadonlySet<string> = new Set([
  "CATALOG_BUSY",
  "CATALOG_READ_ONLY",
  "CATALOG_NOT_MIGRATED",
  "CATALOG_UNAVAILABLE",
  "CATALOG_OUTCOME_UNKNOWN",
  "CATALOG_CLOSED",
]);

/** An error as the log shows it: with its stack only where nobody foresaw it. */
export function errorForLog(error: Error): object {
  const isForeseen = error instanceof HiveCatalogError ? !OWN_FAULTS.has(error.code) : error instanceof ForeseenError;
  if (!isForeseen) return pino.stdSerializers.err(error);
  return { type: error.name, ...("code" in error && { code: error.code }), message: error.message };
}

/** How loudly a failure of the catalog is logged. */
export const levelOf = (error: unknown): "warn" | "error" =>
  error instanceof HiveCatalogError && PASSING.has(error.code) ? "warn" : "error";

/** Of CATALOG_OUTCOME_UNKNOWN it is not known whether the change was made: it must be read before anything is decided. */
export const isCatalogError = (error: unknown, code: HiveCatalogErrorCode): boolean =>
  error instanceof HiveCatalogError && error.code === code;

/** For `catch`: takes `instead` in place of such an error of the catalog, and throws any other one. */
export const onCatalogError =
  <Value>(code: HiveCatalogErrorCode, instead: (error: unknown) => Value) =>
  (error: unknown): Value => {
    if (isCatalogError(error, code)) return instead(error);
    throw error;
  };

export const hiveNotFound = (id: string): HiveCatalogError =>
  new HiveCatalogError("HIVE_NOT_FOUND", `There is no hive ${JSON.stringify(id)}`, { hiveId: id });

export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** A host with several addresses fails with one error for each, and no message of its own. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(", ");
  return error instanceof Error ? error.message : String(error);
}
