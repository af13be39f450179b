import * as z from "zod";
import manifest from "../../../package.json" with { type: "json" };
import type { Access } from "../door/caller.ts";
import { LISTS } from "../input.ts";
import { KNOWING_TOKENS, PROBLEMS, type ProblemCode, ProblemJson } from "../problems.ts";
import { type Answer, type BodyRule, paramsOf, type Route } from "../route.ts";
import { ROUTES, TAGS, type TaggedRoute } from "../routes.ts";

type Json = Record<string, unknown>;

/** Writes the API as an OpenAPI 3.1 document, from the schemas with which the queen reads what arrives. */
export function openApiDocument(): Json {
  const components = new Components();
  const paths: Record<string, Json> = {};
  for (const route of ROUTES) {
    const path = route.path.replace(/:([a-z]+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method]: describeRoute(route, components) };
  }
  for (const schema of [ProblemJson, ...ROUTES.flatMap(({ namedSchemas = [] }) => namedSchemas)]) {
    components.jsonOf(schema);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Queen",
      version: manifest.version,
      description: "Keeps the catalog of a fleet of hives, takes their heartbeats and checks their health.",
    },
    // From where the document is: before the queen may stand a proxy that has her below a path.
    servers: [{ url: "./" }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: { securitySchemes: SECURITY_SCHEMES, ...components },
  };
}

const SECURITY_SCHEMES = {
  token: {
    type: "http",
    scheme: "bearer",
    description: "A token of `queen token create`. A queen on loopback asks for none until there is one.",
  },
  session: {
    type: "apiKey",
    in: "cookie",
    name: "queen_session",
    description: "Of POST /v1/session, which may call it `__Host-queen_session`: alone it reads as a reader.",
  },
  key: {
    type: "apiKey",
    in: "header",
    name: "x-queen-key",
    description: "Of POST /v1/session, too: what a session changes, and what it may beside reading, needs both.",
  },
};

const WHOSE: Record<Access, string> = {
  always: "Needs no token, and is held to no rate.",
  open: "Needs no token.",
  token: "Needs a token, of any role.",
  hive: "Needs the token of the hive, or an operator's.",
  reader: "Needs a reader's token, or an operator's.",
  operator: "Needs an operator's token.",
};

/** Says of a list in whose place one may stand that it may. */
function override({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}) {
  const { type, items, minItems, maxItems, ...others } = jsonSchema;
  if (type !== "array" || items === undefined || !LISTS.get(zodSchema)?.orOne) return;
  for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
  Object.assign(jsonSchema, others, { anyOf: [items, { type, minItems, maxItems, items }] });
}

/** What several routes share: it has a name, and stands among the components of the document once. */
class Components {
  readonly schemas: Record<string, Json> = {};
  /** Answers that several routes share. */
  readonly responses: Record<string, Json> = {};

  jsonOf(schema: z.ZodType): Json {
    const { $schema, $defs, ...json } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any", override });
    for (const [name, definition] of Object.entries($defs ?? {})) this.#add(name, toComponents(definition));
    return toComponents(json);
  }

  #add(name: string, definition: Json): void {
    const other = this.schemas[name];
    if (other !== undefined && JSON.stringify(other) !== JSON.stringify(definition)) {
      throw new Error(`two different schemas are named ${name}`);
    }
    this.schemas[name] = definition;
  }
}

/** The same with every reference to a definition beside it turned into one to a component. */
const toComponents = (json: object): Json =>
  JSON.parse(JSON.stringify(json).replaceAll('"#/$defs/', '"#/components/schemas/'));

function describeRoute(route: TaggedRoute, components: Components): Json {
  const { operationId, tag, summary, access = "operator", description, body, answer, answerOfLines } = route;
  const parameters = describeParameters(route, components);
  return {
    operationId,
    tags: [tag],
    summary,
    description: [description, WHOSE[access]].filter(Boolean).join("\n\n"),
    security: securityOf(route),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: describeBody(body, components) }),
    responses: {
      ...(answerOfLines && { [answerOfLines.status ?? 200]: describeAnswer(answerOfLines, components) }),
      [answer.status ?? 200]: describeAnswer(answer, components),
      ...describeProblems(problemsOf(route), components),
    },
  };
}

/** Any one of these. */
function securityOf({ method, access = "operator" }: Route): Json[] {
  if (!needsToken(access)) return [];
  const reads = method === "get" && access !== "operator";
  return [{ token: [] }, reads ? { session: [] } : { session: [], key: [] }];
}

const needsToken = (access: Access | undefined): boolean => access !== "always" && access !== "open";

/** What any request may meet. */
const ANYWHERE: readonly ProblemCode[] = [
  "BAD_REQUEST",
  "FORBIDDEN",
  "REQUEST_TIMEOUT",
  "HEADERS_TOO_LARGE",
  "INTERNAL",
];
/** … one that may have a body, whether it is asked for or not. */
const WITH_BODY: readonly ProblemCode[] = [
  "INVALID_JSON",
  "REQUEST_ABORTED",
  "PAYLOAD_TOO_LARGE",
  "UNSUPPORTED_MEDIA_TYPE",
];
/** What a route may answer when not all goes well. */
function problemsOf(route: Route): readonly ProblemCode[] {
  const { method, access, query, body, problems = [] } = route;
  const params = paramsOf(route);
  return [
    ...ANYWHERE,
    ...(access === "always" ? [] : (["TOO_MANY_REQUESTS"] as const)),
    ...(needsToken(access) ? KNOWING_TOKENS : []),
    ...(params.length > 0 ? (["URI_TOO_LONG"] as const) : []),
    ...(params.includes("id") ? (["HIVE_NOT_FOUND"] as const) : []),
    ...(query || access !== "always" ? (["INVALID_ARGUMENT"] as const) : []),
    ...(body ? ([body.code ?? "INVALID_ARGUMENT"] as const) : []),
    ...(method === "get" ? [] : WITH_BODY),
    ...problems,
  ];
}

function describeParameters(route: Route, components: Components): Json[] {
  const inPath = paramsOf(route).map((name) => ({ name, in: "path", required: true, schema: { type: "string" } }));
  return [...inPath, ...fieldsOf(route.query, "query", components), ...fieldsOf(route.headers, "header", components)];
}

function fieldsOf(object: z.ZodObject | undefined, place: "query" | "header", components: Components): Json[] {
  if (object === undefined) return [];
  const { required = [] } = components.jsonOf(object) as { required?: string[] };
  return Object.entries(object.shape).map(([name, field]) => {
    const { description, ...schema } = components.jsonOf(field as z.ZodType);
    const isRequired = required.includes(name);
    return { name, in: place, required: isRequired, ...(description !== undefined && { description }), schema };
  });
}

function describeBody({ schema, examples, types = ["application/json"] }: BodyRule, components: Components): Json {
  const named = Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]));
  const content = { schema: components.jsonOf(schema), examples: named };
  return { required: true, content: Object.fromEntries(types.map((type) => [type, content])) };
}

function describeAnswer(
  { description, schema, example, type = "application/json", headers }: Answer,
  components: Components,
): Json {
  const described = Object.entries(headers ?? {}).map(([name, text]) => [
    name,
    { description: text, schema: { type: "string" } },
  ]);
  return {
    description,
    ...(described.length > 0 && { headers: Object.fromEntries(described) }),
    ...(schema !== undefined && {
      content: { [type]: { schema: components.jsonOf(schema), ...(example !== undefined && { example }) } },
    }),
  };
}

/** One answer for each status, named by the codes that it can have: most routes share them. */
function describeProblems(codes: readonly ProblemCode[], components: Components): Json {
  const sorted = [...new Set(codes)].sort();
  const statuses = [...new Set(sorted.map((code) => PROBLEMS[code][0]))];
  return Object.fromEntries(
    statuses.map((status) => {
      const alike = sorted.filter((code) => PROBLEMS[code][0] === status);
      const name = alike.join(".");
      components.responses[name] ??= describeProblem(status, alike);
      return [status, { $ref: `#/components/responses/${name}` }];
    }),
  );
}

function describeProblem(status: number, codes: readonly ProblemCode[]): Json {
  const schema = {
    allOf: [{ $ref: "#/components/schemas/Problem" }],
    properties: { status: { const: status }, code: { enum: codes } },
  };
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code][1]}`).join("\n\n"),
    content: { "application/problem+json": { schema } },
  };
}
