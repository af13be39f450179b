import { readFile } from "node:fs/promises";

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
const PACKAGE_FILES: Record<string, { readonly type: string; readonly file: URL }> = {
  "swagger-ui.css": {
    type: "text/css; charset=utf-8",
    file: new URL("../../../node_modules/swagger-ui-dist/swagger-ui.css", import.meta.url),
  },
  "swagger-ui-bundle.js": {
    type: "text/javascript; charset=utf-8",
    file: new URL("../../../node_modules/swagger-ui-dist/swagger-ui-bundle.js", import.meta.url),
  },
  "favicon-32x32.png": {
    type: "image/png",
    file: new URL("../../../node_modules/swagger-ui-dist/favicon-32x32.png", import.meta.url),
  },
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
  const found = Object.hasOwn(PACKAGE_FILES, name) ? PACKAGE_FILES[name] : undefined;
  return found && { type: found.type, body: await readFile(found.file) };
}
