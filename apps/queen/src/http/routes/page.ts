import type { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import * as z from "zod";
import { reasonOf } from "../../process/errors.ts";
import { pagePolicy } from "../connections/security-headers.ts";
import { Problem } from "../errors.ts";
import type { AppParts, PageFiles } from "../parts.ts";
import { bytesInPieces } from "../pieces.ts";
import { type CheckedRequest, defineRoute } from "../route.ts";
import { nothingAt } from "../route-table.ts";

/** No text becomes code or markup on the way. */
const POLICY = pagePolicy("'self'", "require-trusted-types-for 'script'", "trusted-types 'none'");

/** The parameters of a view are the page's own. */
const AnyQuery = z.looseObject({});
const shared = {
  method: "get",
  access: "open",
  query: AnyQuery,
  problems: ["PAGE_UNAVAILABLE"],
} as const;
type Asked = Pick<CheckedRequest, "headers" | "raw">;

/** Whoever may use the queen is asked by what the page asks for: the page itself stands in public source. */
export const pageRoutes = [
  defineRoute({
    ...shared,
    path: "/",
    operationId: "openPage",
    summary: "Lead a browser to the page",
    problems: ["NOT_FOUND"],
    answer: { status: 302, description: "The page is at /ui", schema: z.string(), type: "text/html" },
  }).handle(({ headers, raw }, _parts, reply) => {
    if (!headers.accept?.includes("text/html")) throw nothingAt("/");
    // Before the queen may stand a proxy that has her below a path: as seen from there.
    reply.headers({ location: `ui${new URL(raw.url ?? "/", "http://queen").search}`, vary: "accept" });
    return "";
  }),
  view("/ui", "getPage", "The page of the queen: the fleet, and what can be done with it"),
  view("/ui/:view", "getPageView", "One of its views"),
  view("/ui/:view/:name", "getPageViewOf", "One of its views, of one hive or operation"),
  defineRoute({
    ...shared,
    path: "/ui/assets/:file",
    operationId: "getPageFile",
    summary: "What the page loads",
    problems: ["PAGE_UNAVAILABLE", "NOT_FOUND"],
    answer: { description: "The file, which never changes under its name", schema: z.string(), type: "*/*" },
  }).handle(async (request, { readPage }, reply) => {
    const { file } = request.params;
    const bytes = (await read(readPage)).get(file);
    if (bytes === undefined) throw nothingAt(`/ui/assets/${file}`);
    reply.headers({ "content-type": typeOf(file), "cache-control": "public, max-age=31536000, immutable" });
    return send(bytes, `"${file}"`, request, reply);
  }),
];

function view(path: string, operationId: string, summary: string) {
  const description = "The shell, the same for every view: the page reads its own address";
  const answer = { description, schema: z.string(), type: "text/html" } as const;
  return defineRoute({ ...shared, path, operationId, summary, answer }).handle(sendShell);
}

async function read(readPage: AppParts["readPage"]): Promise<PageFiles> {
  try {
    return await readPage();
  } catch (error) {
    throw new Problem("PAGE_UNAVAILABLE", `The page cannot be made: ${reasonOf(error)}`, { cause: error });
  }
}

async function sendShell(request: Asked, { readPage }: Pick<AppParts, "readPage">, reply: FastifyReply) {
  const names = [...(await read(readPage)).keys()];
  const root = rootFrom(request.raw.url ?? "");
  const nameOf = (ending: string) => names.find((name) => name.endsWith(ending)) ?? "";
  const [script, style] = [nameOf(".js"), nameOf(".css")];
  reply.headers({
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-cache",
  });
  return send(Buffer.from(shell(`${root}ui/assets/`, script, style)), `"${script}${style}"`, request, reply);
}

/** From the address of a view to where the queen's paths begin, which a proxy may have put below a path of its own. */
const rootFrom = (url: string): string => "../".repeat((url.split("?", 1)[0] ?? "").split("/").length - 2);

const shell = (folder: string, script: string, style: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <meta name="color-scheme" content="light dark">
    <title>Queen</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="${folder}${style}">
    <script type="module" src="${folder}${script}"></script>
  </head>
  <body><noscript>This page needs JavaScript.</noscript></body>
</html>
`;

const typeOf = (name: string): string =>
  name.endsWith(".css") ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8";

function send(bytes: Buffer, etag: string, { headers }: Asked, reply: FastifyReply): Readable | string {
  reply.header("etag", etag);
  if (headers["if-none-match"] === etag) {
    reply.code(304);
    return "";
  }
  return bytesInPieces(bytes, reply);
}
