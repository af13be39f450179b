import type { z } from "zod";
import type { Access } from "../door/door.ts";
import type { ProblemCode } from "./problems.ts";

/** What a route takes and answers, said in its `.openapi.ts` file beside it. Nothing of it is loaded while a queen runs. */
export interface Operation {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** As fastify has it: `/v1/hives/:id`. */
  readonly path: string;
  /** A verb and a noun: the name of the function in a generated client. */
  readonly operationId: string;
  readonly tag: Tag;
  readonly summary: string;
  /** As the route says it. Default: operator. */
  readonly access?: Access;
  readonly description?: string;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: {
    readonly schema: z.ZodType;
    /** By name. Each is checked against `schema` by a test. */
    readonly examples: Readonly<Record<string, unknown>>;
    /** Default: application/json. */
    readonly types?: readonly string[];
  };
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Beside those that every request may meet: see `problems.ts`. */
  readonly problems: readonly ProblemCode[];
}

export interface Answer {
  readonly description: string;
  /** Default: no body. */
  readonly schema?: z.ZodType;
  /** Checked against `schema` by a test. */
  readonly example?: unknown;
  /** Default: application/json. */
  readonly type?: string;
  /** Name and meaning of headers that a client needs. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The groups under which operations are shown. */
export const TAGS = {
  hives: "The catalog: what is known of each hive and survives a restart",
  lifecycle: "Installing, starting and stopping agents, over SSH or on the queen's own machine",
  heartbeats: "What hives send",
  workers: "What runs on the hives now",
  observation: "How the queen is, and what she tells of the fleet",
} as const;
export type Tag = keyof typeof TAGS;
