/** Every reason for which the catalog refuses or fails. */
export const HIVE_CATALOG_ERROR_CODES = [
  "HIVE_NOT_FOUND",
  "HIVE_ALREADY_EXISTS",
  "INVALID_HIVE",
  "INVALID_ARGUMENT",
  "CORRUPT_HIVE",
  "CORRUPT_RECORD",
  "OPERATION_IN_PROGRESS",
  "CATALOG_BUSY",
  "CATALOG_CORRUPT",
  "CATALOG_READ_ONLY",
  "CATALOG_FULL",
  "CATALOG_TOO_NEW",
  "CATALOG_NOT_A_CATALOG",
  "CATALOG_NOT_MIGRATED",
  "CATALOG_UNAVAILABLE",
  "CATALOG_OUTCOME_UNKNOWN",
  "CATALOG_CLOSED",
  "INTERNAL",
] as const;
export type HiveCatalogErrorCode = (typeof HIVE_CATALOG_ERROR_CODES)[number];

/** One field that broke a rule. `field` is a path in camelCase, such as `devices.gpus.0.vramGb`. */
export type FieldProblem = { readonly field: string; readonly message: string };

type Details = { hiveId?: string | undefined; problems?: readonly FieldProblem[]; cause?: unknown };

/** The one error that leaves this package. `message` names the thing, the rule and what arrived. */
export class HiveCatalogError extends Error {
  override readonly name = "HiveCatalogError";
  readonly code: HiveCatalogErrorCode;
  /** The hive that the call was about, where there is one. */
  readonly hiveId: string | undefined;
  /** The fields that are wrong: filled for INVALID_HIVE, INVALID_ARGUMENT, CORRUPT_HIVE and CORRUPT_RECORD, else empty. */
  readonly problems: readonly FieldProblem[];

  constructor(code: HiveCatalogErrorCode, message: string, { hiveId, problems = [], cause }: Details = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hiveId = hiveId;
    this.problems = problems;
  }
}

/** For a call on a catalog that is closed. */
export function catalogClosed(): HiveCatalogError {
  return new HiveCatalogError("CATALOG_CLOSED", "the catalog is closed");
}

/** Of an id that may be any text. */
const MAX_SHOWN = 128;

/** For a call about a hive that is not there. */
export function hiveNotFound(id: string): HiveCatalogError {
  const shown = id.length > MAX_SHOWN ? `${id.slice(0, MAX_SHOWN)}…` : id;
  return new HiveCatalogError("HIVE_NOT_FOUND", `there is no hive '${shown}' in the catalog`, { hiveId: id });
}
