import type { components, operations, paths } from "./openapi.ts";

type Schemas = components["schemas"];
/** A schema of the document, by its name: `Schema<"StoredHive">`. */
export type Schema<Name extends keyof Schemas> = Schemas[Name];

export type Method = "get" | "post" | "put" | "patch" | "delete";
export type Path = keyof paths;
/** The operation of a path and a method. */
export type OperationAt<At extends Path, By extends Method> = NonNullable<paths[At][By]>;

interface AnyOperation {
  parameters: { path?: object; query?: object };
  responses: object;
}
type Succeeded<Responses> = Responses[keyof Responses & (200 | 201 | 202 | 204)];

/** What is sent to an operation, in parts. */
export type RequestOf<Operation> = Operation extends AnyOperation
  ? Pick<Operation["parameters"], "path" | "query"> & BodyOf<Operation>
  : never;
type BodyOf<Operation> = Operation extends { requestBody: { content: infer Content } }
  ? { body: Content[keyof Content] }
  : { body?: never };
/** What it answers when all goes well; undefined where that is no content. */
export type AnswerOf<Operation> = Operation extends AnyOperation ? ContentOf<Succeeded<Operation["responses"]>> : never;
/** Lines have their own verbs. */
type ContentOf<Success> = Success extends { content: infer Content }
  ? Content[Exclude<keyof Content, "application/x-ndjson">]
  : undefined;

type Operations = operations;
/** The query of an operation, by its name: `Query<"listHives">`. */
export type Query<Name extends keyof Operations> = NonNullable<Operations[Name]["parameters"]["query"]>;
/** The body of one: `Body<"addHive">`. */
export type Body<Name extends keyof Operations> = RequestOf<Operations[Name]>["body"];
/** The answer of one: `Answer<"countHives">`. */
export type Answer<Name extends keyof Operations> = AnswerOf<Operations[Name]>;

/** `hive_added` of `HiveAdded`. */
type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : "";
/** What each type of event says. */
export type EventData = {
  [Name in keyof Schemas as Name extends `${infer Kind}Event` ? SnakeCase<Uncapitalize<Kind>> : never]: Schemas[Name];
};
/** One of a type that the document knows, with its `id`. A queen that is newer may send others too: leave out what you do not know. */
export type QueenEvent = {
  [Type in keyof EventData]: { readonly id: string; readonly type: Type; readonly data: EventData[Type] };
}[keyof EventData];
