import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { DOCUMENT } from "../../../test/contract.ts";
import { startTestQueen } from "../../../test/test-queen.ts";

const get = async (url: string) => {
  await using queen = await startTestQueen();
  const { statusCode, headers, rawPayload } = await queen.app.inject({ method: "GET", url });
  return { status: statusCode, type: headers["content-type"], body: rawPayload };
};

test("serves the document as it is committed", async () => {
  const { status, type, body } = await get("/openapi.json");
  expect({ status, type }).toEqual({ status: 200, type: "application/json; charset=utf-8" });
  expect(JSON.parse(body.toString())).toEqual(DOCUMENT);
});

test("the page loads nothing from elsewhere, and everything that it loads is there", async () => {
  const page = (await get("/docs")).body.toString();
  const loaded = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = ""]) => url);
  expect(loaded).toHaveLength(4);
  for (const url of loaded) {
    expect(url).toMatch(/^docs\/[a-z0-9.-]+$/);
    expect(await get(`/${url}`)).toMatchObject({
      status: 200,
      type: expect.stringMatching(/^(text\/(css|javascript)|image\/png)/),
    });
  }
  const start = (await get("/docs/start.js")).body.toString();
  expect(start).toContain('url: "openapi.json"');
  expect(start).toContain("validatorUrl: null");
});

test("what it serves is the file of the package, byte for byte", async () => {
  const sha = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
  const file = await readFile(new URL("../../../node_modules/swagger-ui-dist/swagger-ui-bundle.js", import.meta.url));
  expect(sha((await get("/docs/swagger-ui-bundle.js")).body)).toBe(sha(file));
});

test.each(["package.json", "..%2fpackage.json", "%2e%2e%2f%2e%2e%2fqueen%2fpackage.json", "constructor", "index.js"])(
  "serves no other file: %s",
  async (name) => {
    const { status, body } = await get(`/docs/${name}`);
    expect(status).toBe(404);
    expect(JSON.parse(body.toString())).toMatchObject({ code: "NOT_FOUND" });
  },
);
