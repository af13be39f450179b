import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { z } from "zod";
import { Problem } from "../errors.ts";
import { defineRoute } from "../route.ts";

const JAVASCRIPT = "text/javascript; charset=utf-8";
const DOCUMENT = new URL("../../../openapi.json", import.meta.url);

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Queen: API</title>
    <link rel="icon" href="/docs/favicon-32x32.png">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;
const START = `window.ui = SwaggerUIBundle({ url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null });
`;

/** What of swagger-ui-dist the page needs. */
const PACKAGE_FILES = new Map([
  ["swagger-ui.css", "text/css; charset=utf-8"],
  ["swagger-ui-bundle.js", JAVASCRIPT],
  ["favicon-32x32.png", "image/png"],
]);

/** What the API is like stands in public source anyway, and a browser that opens a page has no token to send. */
export const docsRoutes = [
  defineRoute({
    method: "get",
    path: "/openapi.json",
    access: "open",
    operationId: "getOpenApi",
    tag: "observation",
    summary: "This document",
    answer: { description: "OpenAPI 3.1", schema: z.looseObject({ openapi: z.string() }) },
  }).handle(async () => JSON.parse(await readFile(DOCUMENT, "utf8"))),
  defineRoute({
    method: "get",
    path: "/docs",
    access: "open",
    operationId: "getDocs",
    tag: "observation",
    summary: "This document as a page, which needs no other server",
    answer: { description: "The page", schema: z.string(), type: "text/html" },
  }).handle(() => PAGE),
  defineRoute({
    method: "get",
    path: "/docs/:file",
    access: "open",
    operationId: "getDocsFile",
    tag: "observation",
    summary: "What that page loads",
    answer: { description: "The file", schema: z.string(), type: "*/*" },
    problems: ["NOT_FOUND"],
  }).handle(async ({ params: { file } }, _parts, reply) => {
    const type = file === "start.js" ? JAVASCRIPT : PACKAGE_FILES.get(file);
    if (type === undefined) throw new Problem("NOT_FOUND", `There is nothing at /docs/${file}`);
    reply.type(type);
    if (file === "start.js") return START;
    const folder = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
    return readFile(join(folder, file));
  }),
];
