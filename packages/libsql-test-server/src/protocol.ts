import * as z from "zod";

/*
 * The messages of Hrana 2 over HTTP, in JSON, as libSQL servers and @libsql/client exchange them, with `is_autocommit` and
 * `get_autocommit` of version 3. Fields that are not named here are ignored, as servers do.
 */

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/** Halves of characters are no UTF-8: sqld reads nothing of a request with one. */
const Text = z.string().regex(/^\P{Cs}*$/u);

/** 64-bit integers travel as decimal strings, BLOBs as base64 with or without padding. */
const Value = z.discriminatedUnion("type", [
  z.object({ type: z.literal("null") }),
  z.object({
    type: z.literal("integer"),
    value: z
      .string()
      .regex(/^-?\d{1,19}$/)
      .transform(BigInt)
      .refine((value) => value >= MIN_INT64 && value <= MAX_INT64, "must be a 64-bit integer"),
  }),
  z.object({ type: z.literal("float"), value: z.number() }),
  z.object({ type: z.literal("text"), value: Text }),
  z.object({ type: z.literal("blob"), base64: z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/) }),
]);
type Value = z.output<typeof Value>;

/** A value as SQLite holds it: what the binding takes and gives. */
export type SqlValue = null | bigint | number | string | Uint8Array;

const SqlId = z.int32();
const SqlText = { sql: Text.nullish(), sql_id: SqlId.nullish() };

const Stmt = z.object({
  ...SqlText,
  args: z.array(Value).default([]),
  named_args: z.array(z.object({ name: z.string(), value: Value })).default([]),
});
export type Stmt = z.output<typeof Stmt>;

/** When a step of a batch runs: by the fate of earlier steps. */
export type Condition =
  | { type: "ok" | "error"; step: number }
  | { type: "not"; cond: Condition }
  | { type: "and" | "or"; conds: Condition[] }
  | { type: "is_autocommit" };

const Condition: z.ZodType<Condition> = z.lazy(() =>
  z.union([
    z.object({ type: z.enum(["ok", "error"]), step: z.int().min(0) }),
    z.object({ type: z.literal("not"), cond: Condition }),
    z.object({ type: z.enum(["and", "or"]), conds: z.array(Condition) }),
    z.object({ type: z.literal("is_autocommit") }),
  ]),
);

const Batch = z.object({ steps: z.array(z.object({ condition: Condition.nullish(), stmt: Stmt })) });
export type Batch = z.output<typeof Batch>;

const StreamRequest = z.discriminatedUnion("type", [
  z.object({ type: z.literal("close") }),
  z.object({ type: z.literal("execute"), stmt: Stmt }),
  z.object({ type: z.literal("batch"), batch: Batch }),
  z.object({ type: z.literal("sequence"), ...SqlText }),
  z.object({ type: z.literal("describe"), ...SqlText }),
  z.object({ type: z.literal("store_sql"), sql_id: SqlId, sql: Text }),
  z.object({ type: z.literal("close_sql"), sql_id: SqlId }),
  z.object({ type: z.literal("get_autocommit") }),
]);
export type StreamRequest = z.output<typeof StreamRequest>;

export const PipelineRequest = z.object({ baton: z.string().nullish(), requests: z.array(StreamRequest) });
export type PipelineRequest = z.output<typeof PipelineRequest>;

type Column = { name: string; decltype: string | null };

export type StmtResult = {
  cols: Column[];
  rows: EncodedValue[][];
  affected_row_count: number;
  last_insert_rowid: string | null;
};

export type BatchResult = { step_results: (StmtResult | null)[]; step_errors: (ErrorBody | null)[] };

export type DescribeResult = {
  params: { name: string | null }[];
  cols: Column[];
  is_explain: boolean;
  is_readonly: boolean;
};

export type StreamResponse =
  | { type: "close" | "sequence" | "store_sql" | "close_sql" }
  | { type: "execute"; result: StmtResult }
  | { type: "batch"; result: BatchResult }
  | { type: "describe"; result: DescribeResult }
  | { type: "get_autocommit"; is_autocommit: boolean };

export type StreamResult = { type: "ok"; response: StreamResponse } | { type: "error"; error: ErrorBody };

export type ErrorBody = { message: string; code: string };

/** A request failed, the stream goes on: the answer holds `code` and the message in place of a result. */
export class RequestError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }

  toBody(): ErrorBody {
    return { message: this.message, code: this.code };
  }
}

/** The whole HTTP request failed, and its stream is closed: a client that broke the protocol, or a stream that expired. */
export class PipelineError extends Error {
  readonly status: number;
  readonly code: string | undefined;

  constructor(status: number, message: string, code?: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Reads a pipeline. Throws a PipelineError that says what is wrong with it. */
export function parsePipeline(body: string): PipelineRequest {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch (error) {
    throw new PipelineError(400, `could not deserialize the JSON request body: ${String(error)}`);
  }
  const parsed = PipelineRequest.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new PipelineError(400, `the request is no pipeline: ${issue?.path.join(".")}: ${issue?.message}`);
}

type EncodedValue =
  | { type: "null" }
  | { type: "integer" | "text"; value: string }
  | { type: "float"; value: number }
  | { type: "blob"; base64: string };

export function encodeValue(value: SqlValue): EncodedValue {
  if (value === null) return { type: "null" };
  if (typeof value === "bigint") return { type: "integer", value: String(value) };
  if (typeof value === "number") return { type: "float", value };
  if (typeof value === "string") return { type: "text", value };
  return { type: "blob", base64: Buffer.from(value).toString("base64").replace(/=+$/, "") };
}

/** Integers become BigInt: the binding stores every number as a REAL. */
export function decodeValue(value: Value): SqlValue {
  if (value.type === "null") return null;
  return value.type === "blob" ? Buffer.from(value.base64, "base64") : value.value;
}
