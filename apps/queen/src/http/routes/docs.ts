import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import type { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import * as z from "zod";
import { pagePolicy } from "../connections/security-headers.ts";
import { Problem } from "../errors.ts";
import { bytesInPieces } from "../pieces.ts";
import { defineRoute } from "../route.ts";

const DOCUMENT = new URL("../../../openapi.json", import.meta.url);

/** Before the queen may stand a proxy that has her below a path: every address is relative to where the page is. */
const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Queen: API</title>
    <link rel="icon" href="docs/favicon-32x32.png">
    <link rel="stylesheet" href="docs/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
`;
const START = `window.ui = SwaggerUIBundle({ url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null });
`;

/** What the page loads: nothing comes from anywhere else. A bundler finds the files of swagger-ui-dist by these URLs. */
const FILES = new Map<string, string | URL>([
  ["start.js", START],
  ["swagger-ui.css", new URL("../../../node_modules/swagger-ui-dist/swagger-ui.css", import.meta.url)],
  ["swagger-ui-bundle.js", new URL("../../../node_modules/swagger-ui-dist/swagger-ui-bundle.js", import.meta.url)],
  ["favicon-32x32.png", new URL("../../../node_modules/swagger-ui-dist/favicon-32x32.png", import.meta.url)],
]);
const TYPES: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".png": "image/png",
};

/** What the API is like stands in public source anyway, and a browser that opens a page has no token to send. */
export const docsRoutes = [
  defineRoute({
    method: "get",
    path: "/openapi.json",
    access: "open",
    operationId: "getOpenApi",
    summary: "This document",
    answer: { description: "OpenAPI 3.1", schema: z.looseObject({ openapi: z.string() }) },
  }).handle((_request, _parts, reply) => sendFile(DOCUMENT, reply)),
  defineRoute({
    method: "get",
    path: "/docs",
    access: "open",
    operationId: "getDocs",
    summary: "This document as a page, which needs no other server",
    answer: { description: "The page", schema: z.string(), type: "text/html" },
  }).handle((_request, _parts, reply) => {
    reply.header("content-security-policy", pagePolicy("'none'"));
    return PAGE;
  }),
  defineRoute({
    method: "get",
    path: "/docs/:file",
    access: "open",
    operationId: "getDocsFile",
    summary: "What that page loads",
    answer: { description: "The file", schema: z.string(), type: "*/*" },
    problems: ["NOT_FOUND"],
  }).handle(async ({ params: { file } }, _parts, reply) => {
    const content = FILES.get(file);
    if (content === undefined) throw new Problem("NOT_FOUND", `There is nothing at /docs/${file}`);
    reply.type(TYPES[extname(file)] ?? "application/octet-stream");
    return content instanceof URL ? sendFile(content, reply) : content;
  }),
];

async function sendFile(url: URL, reply: FastifyReply): Promise<Readable> {
  return bytesInPieces(await read(url), reply);
}

const files = new Map<URL, Promise<Buffer>>();

/** Once: all callers are sent the same bytes. */
function read(url: URL): Promise<Buffer> {
  const reading = files.get(url) ?? readFile(url);
  files.set(url, reading);
  reading.catch(() => files.delete(url));
  return reading;
}

// At the start: an update may take it away, or put another there, while she runs. What shows it is 2 MB, which few ask for.
void read(DOCUMENT);
