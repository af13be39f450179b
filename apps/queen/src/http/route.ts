import type { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import type * as z from "zod";
import type { Access } from "./door/caller.ts";
import type { InvalidInput } from "./errors.ts";
import type { NDJSON } from "./lines.ts";
import type { AppParts } from "./parts.ts";
import type { ProblemCode } from "./problems.ts";

/** One route, said once: what serves it, the table of paths and methods, and the OpenAPI document follow from here. */
export interface Route extends RouteRule {
  handle(request: CheckedRequest, parts: AppParts, reply: FastifyReply): unknown;
}

interface RouteRule {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** As fastify has it: `/v1/hives/:id`. */
  readonly path: string;
  /** Default: operator. */
  readonly access?: Access;
  /** A verb and a noun: the name of the function in a generated client. */
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  /** Whether each answer counts as something that was given away. */
  readonly isHandOut?: boolean;
  /** Whether the answer may take long to make, or be long. A few of one caller are under way at a time. */
  readonly isCostly?: boolean;
  readonly body?: BodyRule;
  readonly answer: Answer;
  /** In its place to a body of lines, as the handler then says by `answerLines`. */
  readonly answerOfLines?: Answer;
  /** Beside those that follow from its access, path, query and body. */
  readonly problems?: readonly ProblemCode[];
  /** What no route refers to, and a client of this one needs all the same. */
  readonly namedSchemas?: readonly z.ZodType[];
}

export interface BodyRule<Schema extends z.ZodType = z.ZodType, Body = unknown> {
  readonly schema: Schema;
  /** In place of reading it with `schema`. Throws a Problem. */
  readonly read?: (json: unknown) => Body;
  /** Of what breaks `schema`. Default: INVALID_ARGUMENT. */
  readonly code?: InvalidInput;
  /** By name. Each is checked against `schema` by a test. */
  readonly examples: Readonly<Record<string, unknown>>;
  /** Default: application/json. Of lines of NDJSON `schema` is of each, and `read` is handed their bytes. */
  readonly types?: readonly string[];
  /** Default: 1 MB. */
  readonly maxBytes?: number;
}

export interface Answer<Schema extends z.ZodType = z.ZodType, Type extends string = string> {
  /** Default: 200. */
  readonly status?: number;
  readonly description: string;
  /** Default: no body. */
  readonly schema?: Schema;
  /** Checked against `schema` by a test. */
  readonly example?: unknown;
  /** Default: application/json. */
  readonly type?: Type;
  /** By name, what those say that the handler sets. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request whose path, query and body were checked as its route says. */
export interface CheckedRequest<Params = unknown, Query = unknown, Body = unknown>
  extends Pick<FastifyRequest, "headers" | "caller" | "raw"> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
}

type ParamsOf<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? { readonly [Key in Name]: string } & ParamsOf<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? { readonly [Key in Name]: string }
    : unknown;

/** What a handler has to return. A Readable is the same JSON, written piece by piece, or its lines, of which the schema is of each. */
type Answered<Schema extends z.ZodType, Type extends string> = Type extends "application/json"
  ? z.input<Schema> | Readable
  : Type extends typeof NDJSON
    ? Readable
    : Type extends typeof EVENT_STREAM
      ? undefined
      : string | Readable;

interface TypedRule<
  Path extends string,
  Query extends z.ZodObject,
  BodySchema extends z.ZodType,
  Body,
  Schema extends z.ZodType,
  Type extends string,
> extends RouteRule {
  readonly path: Path;
  readonly query?: Query;
  readonly body?: BodyRule<BodySchema, Body>;
  readonly answer: Answer<Schema, Type>;
}

/** `defineRoute({ … }).handle(…)`: the handler gets what the rule lets in, and has to return what it says. */
export function defineRoute<
  Path extends string,
  Query extends z.ZodObject,
  BodySchema extends z.ZodType,
  Schema extends z.ZodType = z.ZodVoid,
  Type extends string = "application/json",
  Body = z.output<BodySchema>,
>(rule: TypedRule<Path, Query, BodySchema, Body, Schema, Type>) {
  type Request = CheckedRequest<ParamsOf<Path>, z.output<Query>, Body>;
  type Result = Answered<Schema, Type>;
  type Handler = (request: Request, parts: AppParts, reply: FastifyReply) => Result | Promise<Result>;
  return { handle: (handle: Handler): Route => ({ ...rule, handle }) };
}

/** Of an answer that never ends by itself, and that its handler writes. */
export const EVENT_STREAM = "text/event-stream";

/** The methods that a route takes, as HTTP writes them. HEAD of a stream would never end, and HEAD of a hand-out tell nobody of it. */
export function methodsOf({ method, answer, isHandOut = false }: Route): readonly string[] {
  return method === "get" && answer.type !== EVENT_STREAM && !isHandOut ? ["GET", "HEAD"] : [method.toUpperCase()];
}

export function paramsOf({ path }: Route): readonly string[] {
  return [...path.matchAll(/:([a-z]+)/g)].map(([, name = ""]) => name);
}
