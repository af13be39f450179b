import { constants } from "node:os";
import { inspect, types } from "node:util";
import { HiveCatalogError, type HiveCatalogErrorCode } from "../errors.ts";

/**
 * Whether it is an error, also where each file of tests has a context of its own, as with Jest: what Node throws there is no instance of that context's
 * `Error`. Those of the binding are instances alone.
 */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** The code of an error of a driver or of the system, or an empty text. */
export function codeOf(error: unknown): string {
  return isError(error) && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** The same by SQLite's own names. */
export function sqliteCodeOf(error: unknown): string {
  return named(codeOf(error));
}

/** Whether another connection held a lock that the statement needed. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_(?:BUSY|LOCKED)/.test(codeOf(error));
}

/** Whether an answer is larger than the driver, or the server, lets it be. */
export function isTooLarge(error: unknown): boolean {
  return codeOf(error) === "SQLITE_TOOBIG";
}

/** Those of the system, and SQLite's by their beginning: the more special ones first. */
const CODES: readonly (readonly [RegExp, HiveCatalogErrorCode, string])[] = [
  [/^(?:EACCES|EPERM)$/, "CATALOG_READ_ONLY", "this user may not use a file or folder that is needed"],
  [/^EROFS$/, "CATALOG_READ_ONLY", "the file system is read-only"],
  [/^(?:ENOSPC|EDQUOT)$/, "CATALOG_FULL", "there is no room left on the disk, or a quota is used up"],
  [/^ENOENT$/, "CATALOG_UNAVAILABLE", "a file or folder is not there, and cannot be made"],
  [/^ENOTDIR$/, "CATALOG_UNAVAILABLE", "a part of the path is no folder"],
  [/^SQLITE_(?:BUSY|LOCKED)/, "CATALOG_BUSY", "another process holds the lock of the catalog; try again"],
  [/^SQLITE_(?:FULL|IOERR_SHMSIZE)/, "CATALOG_FULL", "there is no room left for the catalog; make room and try again"],
  [
    /^SQLITE_READONLY_ROLLBACK/,
    "CATALOG_UNAVAILABLE",
    "another program was ended with a change half done, which is in the -journal beside the file: whoever opens the catalog to change it, such as a queen who starts, undoes that",
  ],
  [/^SQLITE_(?:READONLY|PERM|AUTH)/, "CATALOG_READ_ONLY", "the catalog cannot be written"],
  [
    /^SQLITE_(?:CORRUPT|IOERR_CORRUPTFS|FORMAT)/,
    "CATALOG_CORRUPT",
    "the catalog file is damaged, or the disk failed to read it: if pnpm catalog check finds that again, restore a backup",
  ],
  [/^SQLITE_NOTADB/, "CATALOG_CORRUPT", "the catalog file is not a database any more; restore a backup"],
  [
    /^SQLITE_CONSTRAINT/,
    "CATALOG_UNAVAILABLE",
    "a rule that another program put on the tables refuses this change; pnpm catalog check lists triggers and UNIQUE indexes",
  ],
  [/^SQLITE_ERROR/, "CATALOG_UNAVAILABLE", "the catalog could not be used; pnpm catalog check compares the schema"],
  [
    /^SQLITE_IOERR_SHM/,
    "CATALOG_UNAVAILABLE",
    "programs can share no memory (-shm) on the file system of the catalog, as on many over a network or FUSE, or its disk failed: keep it on a local one",
  ],
  [
    /^SQLITE_IOERR/,
    "CATALOG_UNAVAILABLE",
    "the disk failed, or a quota is used up, of which SQLite does not tell: the log of the system may say more",
  ],
  [/^SQLITE_/, "CATALOG_UNAVAILABLE", "the catalog could not be used"],
];

/** Node has no names for some errors of the system, EDQUOT and ESTALE among them. */
const UNNAMED_OF_SYSTEM = /^Unknown system error -(\d+)$/;
/** The binding has no names for the newer of SQLite's extended codes, SQLITE_CORRUPT_INDEX among them. */
const UNNAMED = /^UNKNOWN_SQLITE_ERROR_(\d+)$/;
/** What the binding throws, without a code, where SQLite cannot open the file: for lack of file descriptors, as an example. */
const NOT_OPENED = /^ConnectionFailed\(.*: (\d+)"\)$/s;
/** By the low byte of an extended code, which is the plain one. */
const PLAIN_CODES: Record<number, string> = {
  3: "SQLITE_PERM",
  5: "SQLITE_BUSY",
  6: "SQLITE_LOCKED",
  8: "SQLITE_READONLY",
  10: "SQLITE_IOERR",
  11: "SQLITE_CORRUPT",
  13: "SQLITE_FULL",
  14: "SQLITE_CANTOPEN",
};

/** Names tables, columns or what the schema calls a constraint, and holds no value of a row. */
const OF_SCHEMA = /\b(?:(?:UNIQUE|CHECK|NOT NULL) constraint failed|no such (?:table|column)): [\w.,'" ]{1,200}/;

/** A thread is not started there, whatever path its catalog has. */
const NO_WORKING_FOLDER = [
  "CATALOG_UNAVAILABLE",
  "the working folder is not there any more: go to one that is",
] as const;

/**
 * Whatever a driver, drizzle or the file system threw, as the one error that leaves this package. What they say themselves stays in
 * `cause`: their messages hold statements and parameters.
 */
export function toCatalogError(error: unknown): HiveCatalogError {
  if (error instanceof HiveCatalogError) return error;
  const cause = rootCause(error);
  const [code, meaning] = classify(cause);
  const detail = OF_SCHEMA.exec(cause.message)?.[0] ?? systemDetail(cause) ?? codesOf(cause)[0];
  return new HiveCatalogError(code, detail === undefined ? meaning : `${meaning} (${detail})`, { cause });
}

/** Of a change that was made, or was not. One that does no harm twice may be tried again by whoever asked for it. */
export function outcomeUnknown(
  problem: string,
  { isRepeatable, cause }: { isRepeatable?: boolean | undefined; cause: unknown },
): HiveCatalogError {
  const message = `${problem}; whether the change was made is not known`;
  if (isRepeatable) return new HiveCatalogError("CATALOG_UNAVAILABLE", message, { cause });
  return new HiveCatalogError("CATALOG_OUTCOME_UNKNOWN", `${message}: read it, then decide`, { cause });
}

type SystemError = Error & { code?: unknown; syscall?: unknown; path?: unknown; dest?: unknown };

/** The system's own code, the files or folders that it is about, and what was to be done with them where the code alone does not tell. */
function systemDetail({ code: given, syscall, path, dest }: SystemError): string | undefined {
  if (typeof given !== "string" || typeof path !== "string") return undefined;
  const code = named(given);
  if (meaningOf(code)) return `${code}: ${path}`;
  const files = [path, dest].filter((file) => typeof file === "string");
  return typeof syscall === "string" ? `${code}: ${syscall} ${files.join(" to ")}` : undefined;
}

function meaningOf(code: string): (typeof CODES)[number] | undefined {
  return CODES.find(([pattern]) => pattern.test(code));
}

function classify(cause: Error): readonly [HiveCatalogErrorCode, string] {
  if ("syscall" in cause && cause.syscall === "uv_cwd") return NO_WORKING_FOLDER;
  for (const text of codesOf(cause)) {
    const known = meaningOf(text);
    if (known) return [known[1], known[2]];
  }
  if ("syscall" in cause) return ["CATALOG_UNAVAILABLE", "the system could not do what was needed"];
  return ["INTERNAL", "something failed inside the catalog, or in what it was handed; the cause says more"];
}

/** The codes that an error carries: @libsql/client has an extended one beside the plain one. */
function codesOf(error: Error): string[] {
  const { extendedCode, code } = error as { extendedCode?: unknown; code?: unknown };
  const [, number] = NOT_OPENED.exec(error.message) ?? [];
  if (number !== undefined) return [PLAIN_CODES[Number(number) & 0xff] ?? "SQLITE_ERROR"];
  return [extendedCode, code].filter((value) => typeof value === "string").map(named);
}

function named(code: string): string {
  const [, errno] = UNNAMED_OF_SYSTEM.exec(code) ?? [];
  if (errno) return Object.entries(constants.errno).find(([, number]) => number === Number(errno))?.[0] ?? code;
  const [, number] = UNNAMED.exec(code) ?? [];
  return (number && PLAIN_CODES[Number(number) & 0xff]) || code;
}

/** Drizzle and @libsql/client wrap what really happened. */
function rootCause(error: unknown): Error {
  let cause: unknown = error;
  while (isError(cause) && codesOf(cause).length === 0 && isError(cause.cause)) cause = cause.cause;
  return isError(cause) ? cause : new Error(inspect(cause));
}
