import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** A file as it is answered. */
export interface Asset {
  readonly type: string;
  readonly body: string | Buffer;
}

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
const PACKAGE_FILES: Record<string, string> = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "favicon-32x32.png": "image/png",
};

/** The OpenAPI document, as it is committed. */
export async function openApiDocument(): Promise<Asset> {
  return { type: "application/json; charset=utf-8", body: await readFile(DOCUMENT) };
}

/** The page that shows it. */
export const docsPage: Asset = { type: "text/html; charset=utf-8", body: PAGE };

/** What that page loads: nothing comes from anywhere else. Undefined when there is no such file. */
export async function docsFile(name: string): Promise<Asset | undefined> {
  if (name === "start.js") return { type: "text/javascript; charset=utf-8", body: START };
  const type = Object.hasOwn(PACKAGE_FILES, name) ? PACKAGE_FILES[name] : undefined;
  if (type === undefined) return undefined;
  const folder = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  return { type, body: await readFile(join(folder, name)) };
}
