import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { hivectl } from "./hivectl.ts";

const problem = (status: number, code: string, detail: string, errors: object[] = []) => ({
  type: "about:blank",
  title: "T",
  status,
  ...{ detail, code, errors },
  request_id: "nzfpiv-9",
});

/** What queens of before answered: to the routes that they had, in the form that it had then. */
const ANSWERS: Record<string, object> = {
  "/health": { status: "ok", uptime_ms: 249 },
  "/v1/models": { models: [] },
  "/v1/hives/actions": problem(
    405,
    "METHOD_NOT_ALLOWED",
    "/v1/hives/actions takes DELETE, GET, HEAD, PATCH, PUT, not POST",
  ),
  "/v1/tokens": problem(400, "INVALID_ARGUMENT", "limit: is not a known query parameter; there are none here", [
    { field: "limit", message: "is not a known query parameter; there are none here" },
  ]),
};

async function olderQueen(): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    const path = url.replace(/\?.*$/, "");
    const isAgain = asked.includes(path);
    asked.push(path);
    const answer = isAgain ? undefined : ANSWERS[path];
    const body = answer ?? problem(404, "NOT_FOUND", `There is nothing at ${path}`);
    const status = "status" in body && typeof body.status === "number" ? body.status : 200;
    const type = status === 200 ? "application/json" : "application/problem+json";
    response.writeHead(status, { "content-type": type }).end(JSON.stringify(body));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

test.each([
  ["has no such route", ["get", "hives"], /older than this/],
  ["takes its path for a hive", ["cordon", "gpu-01", "--reason", "fans", "--yes"], /older than this/],
  ["does not know a parameter", ["token", "list"], /is the queen of another version than hivectl\? --url/],
  ["lacks a field of its answer", ["confirm-missing", "--yes"], /is the queen of another version\?/],
])(
  "where a queen of another version %s, it is said that she may be one, and no call was wrong",
  async (_what, args, hint) => {
    const { url } = await olderQueen();
    const { code, stdout, stderr } = await hivectl(args, { QUEEN_URL: url });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(hint);
  },
);

test("a list of an older queen, which has no pages, is asked for once", async () => {
  const { url, asked } = await olderQueen();
  const { code, stderr } = await hivectl(["get", "models"], { QUEEN_URL: url });
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("no live hive serves a model") });
  expect(asked).toEqual(["/v1/models"]);
});

test("an id that is no part of a path is a wrong call, and no fault of the queen", async () => {
  const { url, asked } = await olderQueen();
  const { code, stderr } = await hivectl(["describe", "hive", ".."], { QUEEN_URL: url });
  expect({ code, stderr, asked }).toEqual({ code: 2, stderr: 'hivectl: id must be more than ".."\n', asked: [] });
});
