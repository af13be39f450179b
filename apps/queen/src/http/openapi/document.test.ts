import { expect, test } from "vitest";
import { checkContract, DOCUMENT, problemsBySchema } from "../../../test/contract.ts";
import { HIVE_JSON, startTestQueen } from "../../../test/test-queen.ts";
import { openApiDocument } from "./document.ts";

const operations = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

interface Schema {
  type?: string;
  anyOf?: readonly Schema[];
}
function* schemasIn(value: object): Generator<Schema> {
  yield value;
  for (const part of Object.values(value)) if (typeof part === "object" && part !== null) yield* schemasIn(part);
}

test("openapi.json is what the schemas and routes say: if not, run pnpm openapi", () => {
  expect(DOCUMENT).toEqual(openApiDocument());
});

test("each route has a name of its own", () => {
  const names = operations.map(({ operation }) => operation.operationId);
  expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
});

test("each pattern is written so that other languages read it: no classes by their Unicode names, no half characters, no named groups", () => {
  const patterns = [...JSON.stringify(DOCUMENT).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)];
  expect(patterns.length).toBeGreaterThan(5);
  const own = patterns
    .map(([, json]) => String(JSON.parse(json ?? "")))
    .filter((text) => /\\p|\\u\{|\\u[dD][89a-fA-F]|\(\?</.test(text));
  expect(own).toEqual([]);
});

test("what several places share has a name, of which generators make one type: bodies, and words of which one or a list may stand", () => {
  const bodies = operations.flatMap(({ operation }) => Object.values(operation.requestBody?.content ?? {}));
  expect(bodies.length).toBeGreaterThan(5);
  expect(bodies.filter(({ schema }) => schema.$ref === undefined)).toEqual([]);
  const oneOrMore = operations
    .flatMap(({ operation }) => operation.parameters ?? [])
    .flatMap(({ schema }) => (schema.anyOf?.some(({ type }) => type === "array") ? schema.anyOf : []));
  expect(oneOrMore.length).toBeGreaterThan(5);
  expect(oneOrMore.filter((schema) => schema.enum)).toEqual([]);
});

test("an entry of a list that may be null has a name: some generators take the list for one entry otherwise", () => {
  const lists = [...schemasIn(DOCUMENT)].filter(
    ({ anyOf }) => anyOf?.some(({ type }) => type === "null") && anyOf.some(({ type }) => type === "array"),
  );
  expect(lists.length).toBeGreaterThan(5);
  expect(JSON.stringify(lists)).not.toContain('"items":{"type":"object"');
});

test("no name is that of another with New before it: in Go that is what makes one", () => {
  const names = Object.keys(DOCUMENT.components.schemas);
  expect(names.filter((name) => names.includes(`New${name}`))).toEqual([]);
});

test("each example is valid by the schema beside it", () => {
  let checked = 0;
  const check = (value: unknown, ...place: string[]) => {
    expect(problemsBySchema(value, ...place), place.join(" ")).toBe("");
    checked += 1;
  };
  for (const { path, method, operation } of operations) {
    const place = ["paths", path, method];
    for (const [type, { examples = {} }] of Object.entries(operation.requestBody?.content ?? {})) {
      for (const { value } of Object.values(examples)) {
        check(value, ...place, "requestBody", "content", type, "schema");
      }
    }
    for (const [status, { content = {} }] of Object.entries(operation.responses)) {
      for (const [type, { example }] of Object.entries(content)) {
        if (example !== undefined) check(example, ...place, "responses", status, "content", type, "schema");
      }
    }
  }
  expect(checked).toBeGreaterThan(20);
});

test("the examples of bodies are what the queen takes", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id: "localhost" });
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id: "hive-prod-01" });
  const beat = DOCUMENT.paths["/v1/heartbeat"]?.post?.requestBody?.content["application/json"];
  for (const { value } of Object.values(beat?.examples ?? {})) {
    expect(await queen.request("POST", "/v1/heartbeat", value)).toMatchObject({ status: 200 });
  }
  const put = DOCUMENT.paths["/v1/hives/{id}"]?.put?.requestBody?.content["application/json"];
  for (const { value } of Object.values(put?.examples ?? {})) {
    expect(await queen.request("PUT", "/v1/hives/hive-prod-01", value)).toMatchObject({ status: 200 });
  }
});

test.each([
  ["a status that is not described", { status: 418, body: {} }, "answered 418"],
  ["another media type", { status: 200, body: {}, type: "text/plain" }, "in text/plain"],
  ["a body that is not as described", { status: 200, body: { total: -1 } }, "must be >= 0"],
  ["a code that this status does not have", { status: 400, body: { code: "NOT_FOUND" } }, "must be equal to one of"],
])("the check of what tests see notices %s", (_what, seen, message) => {
  const type = seen.status === 400 ? "application/problem+json" : "application/json";
  expect(() => checkContract({ method: "GET", url: "/v1/counts", type, ...seen })).toThrow(message);
});
