import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

type Json = Record<string, unknown>;
type Content = Record<string, { schema: Json; example?: unknown; examples?: Record<string, { value: unknown }> }>;
interface DescribedAnswer {
  $ref?: string;
  content?: Content;
}
interface DescribedOperation {
  operationId: string;
  parameters?: readonly { schema: Json & { anyOf?: readonly Json[] } }[];
  requestBody?: { content: Content };
  responses: Record<string, DescribedAnswer>;
}

/** The API as it is published. */
export const DOCUMENT = JSON.parse(readFileSync(new URL("../openapi.json", import.meta.url), "utf8")) as {
  paths: Record<string, Record<string, DescribedOperation>>;
  components: { schemas: Record<string, Json>; responses: Record<string, DescribedAnswer> };
};

const DOCUMENT_ID = "openapi.json";
// Each schema is compiled for few answers: half of that time would go into code that is short, or repeats what a $ref names.
const QUICKLY = { validateSchema: false, inlineRefs: false, code: { optimize: false } };
const ajv = new Ajv2020({ strict: false, allErrors: true, ...QUICKLY });
addFormats.default(ajv);
ajv.addSchema(DOCUMENT, DOCUMENT_ID);

const patterns = Object.keys(DOCUMENT.paths)
  // What is fixed goes before what has parameters: /v1/workers/best is no worker.
  .toSorted((a, b) => a.split("{").length - b.split("{").length)
  .map((path) => [path, new RegExp(`^${path.replaceAll(".", "\\.").replace(/\{[a-z]+\}/g, "[^/]*")}$`)] as const);

const pointer = (...steps: string[]) =>
  `#/${steps.map((step) => encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/")}`;

/** What is wrong with `value` by the schema at that place of the document; "" when nothing is. */
export function problemsBySchema(value: unknown, ...place: string[]): string {
  const validate = ajv.getSchema(DOCUMENT_ID + pointer(...place));
  if (validate === undefined) throw new Error(`openapi.json has no ${place.join(" ")}`);
  return validate(value) ? "" : ajv.errorsText(validate.errors, { dataVar: "body" });
}

interface Seen {
  method: string;
  url: string;
  status: number;
  type: string | undefined;
  body: unknown;
}

/** Throws when the API answered what its document does not say. A path that is not described may only answer errors, or belong to a test. */
export function checkContract({ method, url, status, type = "", body }: Seen): void {
  const path = url.split("?", 1)[0] ?? "";
  const [template] = patterns.find(([, pattern]) => pattern.test(path)) ?? [];
  const verb = method.toLowerCase() === "head" ? "get" : method.toLowerCase();
  const operation = template === undefined ? undefined : DOCUMENT.paths[template]?.[verb];
  const mediaType = type.split(";", 1)[0] ?? "";
  if (template === undefined || operation === undefined) {
    if (mediaType === "application/problem+json") demand(problemsBySchema(body, "components", "schemas", "Problem"));
    return;
  }
  const what = `${method} ${template} answered ${status}`;
  const described = operation.responses[status];
  if (described === undefined) throw new Error(`${what} ${JSON.stringify(body)}, which openapi.json does not say`);
  if (body === undefined) return;
  const shared = described.$ref?.split("/").at(-1);
  const { content } = shared === undefined ? described : (DOCUMENT.components.responses[shared] ?? {});
  if (content?.[mediaType] === undefined) throw new Error(`${what} in ${type}, which openapi.json does not say`);
  const place =
    shared === undefined ? ["paths", template, verb, "responses", String(status)] : ["components", "responses", shared];
  // Of lines, each is as the schema says.
  const bodies = mediaType === "application/x-ndjson" ? (body as unknown[]) : [body];
  for (const one of bodies) demand(problemsBySchema(one, ...place, "content", mediaType, "schema"));

  function demand(problems: string): void {
    if (problems === "") return;
    throw new Error(`${method} ${url} answered ${status} against openapi.json: ${problems}\n${JSON.stringify(body)}`);
  }
}
