import { STATUS_CODES } from "node:http";
import { type FieldProblem, HiveCatalogError } from "@repo/hive-catalog";
import { printable } from "@repo/process-log/printable";
import { ZodError } from "zod";
import { ListError } from "../fleet/lists/errors.ts";
import { LifecycleError } from "../lifecycle/errors.ts";
import type { JsonTooLarge } from "../process/bounded-json.ts";
import { CodedError, hiveNotFound, isCatalogError } from "../process/errors.ts";
import { ProbeError } from "../reach/probe.ts";
import { describe, fieldProblems, got, MAX_PROBLEMS, withJsonNames } from "./field-problems.ts";
import { PROBLEMS, type ProblemBody, type ProblemCode } from "./problems.ts";

const MAX_DETAIL_LENGTH = 2048;
const MAX_FIELD_LENGTH = 128;
const MAX_MESSAGE_LENGTH = 512;
/** Of a whole answer: whoever sends what is wrong gets no more out of it. */
const MAX_BODY_BYTES = 16_384;

interface Details {
  errors?: readonly FieldProblem[];
  headers?: Record<string, string>;
  cause?: unknown;
  hives?: ProblemBody["hives"];
}

/** An error that knows how it is answered. */
export class Problem extends CodedError<ProblemCode> {
  override readonly name = "Problem";
  readonly status: number;
  readonly errors: readonly FieldProblem[];
  readonly headers: Readonly<Record<string, string>>;
  readonly #hives: ProblemBody["hives"];

  constructor(code: ProblemCode, detail: string, { errors = [], headers = {}, cause, hives }: Details = {}) {
    super(code, shorten(detail, MAX_DETAIL_LENGTH), { cause });
    [this.status] = PROBLEMS[code];
    this.errors = errors.slice(0, MAX_PROBLEMS).map(({ field, message }) => ({
      field: shorten(field, MAX_FIELD_LENGTH),
      message: shorten(message, MAX_MESSAGE_LENGTH),
    }));
    this.headers = headers;
    this.#hives = hives;
  }

  body(requestId: string): ProblemBody {
    const body = {
      type: "about:blank" as const,
      title: STATUS_CODES[this.status] ?? "Error",
      status: this.status,
      detail: printable(this.message),
      code: this.code,
      errors: this.errors.map(({ field, message }) => ({ field: printable(field), message: printable(message) })),
      ...(this.#hives && { hives: this.#hives }),
      request_id: requestId,
    };
    // A character may take six bytes.
    while (body.errors.length > 0 && Buffer.byteLength(JSON.stringify(body)) > MAX_BODY_BYTES) body.errors.pop();
    return body;
  }
}

const shorten = (text: string, maxLength: number): string =>
  text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;

/** Errors of fastify before a route is reached, by their code. */
const FASTIFY_PROBLEMS: Record<string, readonly [code: ProblemCode, detail: string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [
    "PAYLOAD_TOO_LARGE",
    "The body is larger than 1 MB, that of a heartbeat than 512 KB, or one that nobody asked for than 1 KB",
  ],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ["UNSUPPORTED_MEDIA_TYPE", "The content type must be application/json"],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ["BAD_REQUEST", "The body is not as long as Content-Length says"],
  FST_ERR_MAX_PARAM_LENGTH: ["URI_TOO_LONG", "The path is too long"],
};

const SECONDS_TO_RETRY = "1";

/** Says of any error how it is answered. What nobody foresaw becomes INTERNAL, and tells nothing but the request id. */
export function toProblem(error: unknown, requestId: string): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HiveCatalogError && error.code !== "INTERNAL") return catalogProblem(error);
  if (error instanceof ProbeError) return probeProblem(error);
  if (error instanceof LifecycleError && error.code === "STOPPING") return queenStopping();
  if (error instanceof ListError || error instanceof LifecycleError) {
    return new Problem(error.code, error.message, { cause: error });
  }
  const code = codeOf(error);
  if (error instanceof Error && code === "FST_ERR_BAD_URL") return badUrl(error);
  const known = FASTIFY_PROBLEMS[code];
  if (known) return new Problem(...known);
  const detail = `Something failed inside the queen; its log says more under request id ${requestId}`;
  return new Problem("INTERNAL", detail, { cause: error });
}

function catalogProblem(error: HiveCatalogError): Problem {
  if (error.code === "HIVE_NOT_FOUND" && error.hiveId !== undefined) {
    return new Problem(error.code, hiveNotFound(error.hiveId).message);
  }
  const [status] = PROBLEMS[error.code];
  const errors = error.problems.map(({ field, message }) => ({
    field: withJsonNames(field),
    message: ruleWithJsonNames(message),
  }));
  const detail = errors.length > 0 && status === 400 ? describe(errors) : error.message;
  // Of a change that may have been made nobody is told to try again: it has to be looked at first.
  const mayRetry = status === 503 && !isCatalogError(error, "CATALOG_OUTCOME_UNKNOWN");
  const headers = mayRetry ? { "retry-after": SECONDS_TO_RETRY } : {};
  return new Problem(error.code, detail, { errors, headers, cause: error });
}

function probeProblem(error: ProbeError): Problem {
  const { code, message, cause } = error;
  const errors = cause instanceof ZodError ? fieldProblems(cause) : [];
  return new Problem(code, message, { errors, cause: error });
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
  return new Problem("BAD_REQUEST", `The path is not a valid URL: ${why}`);
}

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";

export type InvalidInput = "INVALID_HIVE" | "INVALID_ARGUMENT";

export const invalidInput = (code: InvalidInput, errors: readonly FieldProblem[]): Problem =>
  new Problem(code, describe(errors), { errors });

export const invalidArgument = (field: string, message: string): Problem =>
  invalidInput("INVALID_ARGUMENT", [{ field, message }]);

export const invalidField = (field: string, rule: string, value: unknown): Problem =>
  invalidInput("INVALID_HIVE", [{ field, message: rule + got(value) }]);

export const invalidJson = (message: string): Problem =>
  new Problem("INVALID_JSON", message, { errors: [{ field: "body", message }] });

export const tooLarge = ({ key, message }: JsonTooLarge): Problem =>
  new Problem("PAYLOAD_TOO_LARGE", `${key || "the body"} ${message}`, { errors: [{ field: key || "body", message }] });

export const queenStopping = (): Problem =>
  new Problem("STOPPING", "The queen is stopping", { headers: { "retry-after": "5" } });
