import { STATUS_CODES } from "node:http";
import { HiveCatalogError, type HiveCatalogErrorCode } from "@repo/hive-catalog";
import { pino } from "pino";
import { ProbeError } from "../reach/probe.ts";
import { describe, type FieldProblem, got, withJsonNames } from "./field-problems.ts";

/** The body of every error: RFC 9457, with the code and the fields that are wrong. */
export interface ProblemBody {
  type: "about:blank";
  title: string;
  status: number;
  detail: string;
  code: string;
  errors: readonly FieldProblem[];
  request_id: string;
}

type Details = { errors?: readonly FieldProblem[]; headers?: Record<string, string>; cause?: unknown };

/** A setting that shows to be wrong only when it is used; the message names it. */
export class SettingError extends Error {
  override readonly name = "SettingError";
}

/** An error that knows how it is answered. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly code: string;
  readonly errors: readonly FieldProblem[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, detail: string, { errors = [], headers = {}, cause }: Details = {}) {
    super(detail, { cause });
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.headers = headers;
  }

  body(requestId: string): ProblemBody {
    return {
      type: "about:blank",
      title: STATUS_CODES[this.status] ?? "Error",
      status: this.status,
      detail: this.message,
      code: this.code,
      errors: this.errors,
      request_id: requestId,
    };
  }
}

export const CATALOG_STATUS: Record<HiveCatalogErrorCode, number> = {
  HIVE_NOT_FOUND: 404,
  HIVE_ALREADY_EXISTS: 409,
  INVALID_HIVE: 400,
  INVALID_ARGUMENT: 400,
  CORRUPT_HIVE: 500,
  CORRUPT_RECORD: 500,
  OPERATION_IN_PROGRESS: 409,
  CATALOG_BUSY: 503,
  CATALOG_CORRUPT: 500,
  CATALOG_READ_ONLY: 503,
  CATALOG_FULL: 507,
  CATALOG_TOO_NEW: 500,
  CATALOG_NOT_A_CATALOG: 500,
  CATALOG_NOT_MIGRATED: 503,
  CATALOG_UNAVAILABLE: 503,
  CATALOG_OUTCOME_UNKNOWN: 503,
  CATALOG_CLOSED: 503,
  INTERNAL: 500,
};

export const PROBE_STATUS: Record<ProbeError["code"], number> = {
  HIVE_UNREACHABLE: 502,
  HIVE_NOT_ALLOWED: 403,
  INVALID_DEVICES: 502,
  WRONG_HIVE: 502,
};

/** Errors of fastify before a route is reached, by their code. */
const FASTIFY_PROBLEMS: Record<string, readonly [status: number, code: string, detail: string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, "PAYLOAD_TOO_LARGE", "The body is larger than 1 MB"],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, "UNSUPPORTED_MEDIA_TYPE", "The content type must be application/json"],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, "BAD_REQUEST", "The body is not as long as Content-Length says"],
  FST_ERR_MAX_PARAM_LENGTH: [414, "URI_TOO_LONG", "The path is too long"],
};

const SECONDS_TO_RETRY = "1";

/** Says of any error how it is answered. What nobody foresaw becomes INTERNAL, and tells nothing but the request id. */
export function toProblem(error: unknown, requestId: string): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HiveCatalogError && error.code !== "INTERNAL") return catalogProblem(error);
  if (error instanceof ProbeError) {
    return new Problem(PROBE_STATUS[error.code], error.code, error.message, { errors: error.problems, cause: error });
  }
  const code = codeOf(error);
  if (error instanceof Error && code === "FST_ERR_BAD_URL") return badUrl(error);
  const known = FASTIFY_PROBLEMS[code];
  if (known) return new Problem(...known);
  return new Problem(
    500,
    "INTERNAL",
    `Something failed inside the queen; its log says more under request id ${requestId}`,
    {
      cause: error,
    },
  );
}

function catalogProblem(error: HiveCatalogError): Problem {
  if (error.code === "HIVE_NOT_FOUND" && error.hiveId !== undefined) return hiveNotFound(error.hiveId);
  const status = CATALOG_STATUS[error.code];
  const errors = error.problems.map(({ field, message }) => ({
    field: withJsonNames(field),
    message: ruleWithJsonNames(message),
  }));
  const detail = errors.length > 0 && status === 400 ? describe(errors) : error.message;
  // Of a change that may have been made nobody is told to try again: it has to be looked at first.
  const mayRetry = status === 503 && !isOutcomeUnknown(error);
  const headers = mayRetry ? { "retry-after": SECONDS_TO_RETRY } : {};
  return new Problem(status, error.code, detail, { errors, headers, cause: error });
}

/** What arrived stands in a rule as JSON, and stays as it is. */
const ruleWithJsonNames = (rule: string): string =>
  rule
    .split(/("(?:[^"\\]|\\.)*"?)/)
    .map((part) => (part.startsWith('"') ? part : withJsonNames(part)))
    .join("");

/** `message` has the path, which cannot be decoded. */
function badUrl({ message }: Error): Problem {
  const why = /%(?![0-9a-f]{2})/i.test(message)
    ? "a percent sign must begin an escape such as %20"
    : "its escapes are not UTF-8";
  return new Problem(400, "BAD_REQUEST", `The path is not a valid URL: ${why}`);
}

/** What may happen to any queen, and is not hers to mend: its message says all there is to know. */
function isForeseen(error: unknown): error is Error {
  if (error instanceof HiveCatalogError) return error.code !== "INTERNAL" && CATALOG_STATUS[error.code] !== 400;
  return error instanceof ProbeError || error instanceof Problem || error instanceof SettingError;
}

/** An error as the log shows it: with its stack only where nobody foresaw it. */
export function errorForLog(error: Error): object {
  if (!isForeseen(error)) return pino.stdSerializers.err(error);
  return { type: error.name, ...("code" in error && { code: error.code }), message: error.message };
}

/** How loudly a failure is logged that the queen will get over by herself: a catalog that is busy or away comes back. */
export const levelOf = (error: unknown): "warn" | "error" =>
  isForeseen(error) && toProblem(error, "").status === 503 ? "warn" : "error";

/** Whether a change of the catalog was made is not known: it must be read before anything is decided. */
export const isOutcomeUnknown = (error: unknown): boolean =>
  error instanceof HiveCatalogError && error.code === "CATALOG_OUTCOME_UNKNOWN";

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";

export const invalidInput = (code: "INVALID_HIVE" | "INVALID_ARGUMENT", errors: readonly FieldProblem[]): Problem =>
  new Problem(400, code, describe(errors), { errors });

/** One field of a hive that breaks `rule`. */
export const invalidField = (field: string, rule: string, value: unknown): Problem =>
  invalidInput("INVALID_HIVE", [{ field, message: rule + got(value) }]);

export const invalidJson = (message: string): Problem =>
  new Problem(400, "INVALID_JSON", message, { errors: [{ field: "body", message }] });

export const hiveNotFound = (id: string): Problem =>
  new Problem(404, "HIVE_NOT_FOUND", `There is no hive ${JSON.stringify(id)}`);

export const operationNotFound = (id: string): Problem =>
  new Problem(404, "OPERATION_NOT_FOUND", `There is no operation ${JSON.stringify(id)}`);
