import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { startTestQueen } from "../../../test/test-queen.ts";

const MAX_GZIPPED_BYTES = 40 * 1024;

const get = async (url: string, headers: Record<string, string> = {}, options = {}) => {
  await using queen = await startTestQueen(options);
  const answer = await queen.app.inject({ method: "GET", url, headers });
  return { ...answer, status: answer.statusCode, body: answer.rawPayload.toString() };
};
const loadedBy = (html: string) => [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = ""]) => url);
const inAssets = (html: string) => loadedBy(html).filter((url) => url.includes("assets/"));

test("a browser is led from / to the page by a relative address; others are told that there is nothing", async () => {
  const led = await get("/?status=offline", { accept: "text/html,application/xhtml+xml,*/*;q=0.8" });
  expect(led).toMatchObject({ status: 302, headers: { location: "ui?status=offline" } });
  expect(await get("/", { accept: "*/*" })).toMatchObject({
    status: 404,
    body: expect.stringContaining("/ui is the page"),
  });
});

test.each([
  ["/ui", ""],
  ["/ui?status=offline&sort=-load", ""],
  ["/ui?status=offline&status=online", ""],
  ["/ui/", "../"],
  ["/ui/models", "../"],
  ["/ui/hives/gpu-01", "../../"],
  ["/ui/operations/install%2F1", "../../"],
])("%s is the shell, which finds its files behind any proxy", async (url, root) => {
  const { status, headers, body } = await get(url);
  expect(status).toBe(200);
  expect(headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(headers["cache-control"]).toBe("no-cache");
  expect(inAssets(body)).toEqual([
    expect.stringMatching(new RegExp(`^${root}ui/assets/page-[A-Z0-9]{8}\\.css$`)),
    expect.stringMatching(new RegExp(`^${root}ui/assets/page-[A-Z0-9]{8}\\.js$`)),
  ]);
});

test("the shell runs the queen's own files and nothing else, makes no code of text, and is in no frame", async () => {
  const { headers } = await get("/ui");
  expect(headers["content-security-policy"]).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; " +
      "frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  );
  expect(headers["cross-origin-opener-policy"]).toBe("same-origin");
});

test("what it loads is kept for good under its name, and small", async () => {
  let gzipped = 0;
  for (const url of inAssets((await get("/ui")).body)) {
    const { status, headers, body } = await get(`/${url}`);
    expect(status).toBe(200);
    expect(headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    expect(headers["content-type"]).toMatch(/^text\/(?:css|javascript); charset=utf-8$/);
    expect(await get(`/${url}`, { "if-none-match": String(headers.etag) })).toMatchObject({ status: 304, body: "" });
    gzipped += gzipSync(body).length;
  }
  expect(gzipped).toBeLessThan(MAX_GZIPPED_BYTES);
});

test("a shell that a browser has already is not sent again", async () => {
  const { headers } = await get("/ui");
  expect(await get("/ui", { "if-none-match": String(headers.etag) })).toMatchObject({ status: 304, body: "" });
  // As after an update of the queen.
  expect((await get("/ui", { "if-none-match": '"page-OLD.jspage-OLD.css"' })).status).toBe(200);
});

test.each(["page.js", "..%2fpackage.json", "constructor"])("there is no other file: %s", async (name) => {
  expect(await get(`/ui/assets/${name}`)).toMatchObject({ status: 404, body: expect.stringContaining("NOT_FOUND") });
});

test("a page that cannot be made is said with its reason, and the API goes on", async () => {
  const readPage = () => Promise.reject(new Error("apps/web/src/main.tsx: Unexpected end of file"));
  await using queen = await startTestQueen({ readPage });
  expect(await queen.request("GET", "/ui")).toMatchObject({
    status: 503,
    body: {
      code: "PAGE_UNAVAILABLE",
      detail: "The page cannot be made: apps/web/src/main.tsx: Unexpected end of file",
    },
  });
  expect((await queen.request("GET", "/v1/counts")).status).toBe(200);
});
