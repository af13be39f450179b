import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { logIn } from "../sessions.ts";
import { HIVE_JSON, startTestQueen } from "../test-queen.ts";
import { addToken } from "../tokens.ts";
import { attack } from "./attacks.ts";
import { newContext, pageAt } from "./chromium.ts";
import { REBOUND_NAME } from "./launch.ts";

interface Answered {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly cookie: boolean;
}

/** A queen with one hive, and what she answered since it was asked last. */
async function startQueen({ isLocked }: { isLocked: boolean }) {
  const queen = await startTestQueen();
  onTestFinished(() => queen[Symbol.asyncDispose]());
  await queen.catalog.addHive(HIVE_JSON);
  const operator = isLocked ? await addToken(queen.catalog, "operator") : undefined;
  const answered: Answered[] = [];
  queen.app.addHook("onResponse", async ({ method, url, headers }, { statusCode }) => {
    answered.push({ method, url, status: statusCode, cookie: headers.cookie !== undefined });
  });
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = queen.app.server.address() as AddressInfo;
  const context = await newContext();
  const origin = `http://127.0.0.1:${port}`;
  if (operator !== undefined) {
    const [name = "", value = ""] = (await logIn(queen, operator.token)).cookie.split("=");
    await context.addCookies([{ name, value, url: origin, httpOnly: true, sameSite: "Strict" }]);
  }
  answered.length = 0;
  const isUntouched = async () =>
    (await queen.catalog.hiveExists(HIVE_JSON.id)) && (await queen.catalog.cordons.list()).length === 0;
  return { queen, context, origin, port, answered: () => answered.splice(0), isUntouched };
}

/** Somebody else's server on this machine. */
async function startOther(): Promise<number> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>another</title><body></body>");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const expectNothingLetIn = (answered: readonly Answered[]) => {
  expect(answered.length).toBeGreaterThanOrEqual(14);
  expect(answered.filter(({ status, url }) => status < 400 && url !== "/favicon.ico")).toEqual([]);
};

test.each([
  ["of another port", "127.0.0.1", true],
  ["of another origin", "localhost", false],
])("with an operator's session, a page %s reads nothing and changes nothing", async (_what, host, getsCookie) => {
  const { context, origin, answered, isUntouched } = await startQueen({ isLocked: true });
  const page = await context.newPage();
  await page.goto(`http://${host}:${await startOther()}/`);
  expect(await attack(page, origin)).toBe("");
  const seen = answered();
  expectNothingLetIn(seen);
  // So it was not for want of a cookie: browsers send it to every port of a host.
  expect(seen.some(({ cookie }) => cookie)).toBe(getsCookie);
  expect(await isUntouched()).toBe(true);
});

test.each([
  ["of another port", "127.0.0.1"],
  ["of another origin", "localhost"],
  ["of a name that points to this machine", REBOUND_NAME],
])("while the door is open, a page %s reads nothing and changes nothing", async (_what, host) => {
  const { context, origin, answered, isUntouched } = await startQueen({ isLocked: false });
  const page = await context.newPage();
  await page.goto(`http://${host}:${await startOther()}/`);
  expect(await attack(page, origin)).toBe("");
  expectNothingLetIn(answered());
  expect(await isUntouched()).toBe(true);
});

test.each([
  ["while the door is open", false],
  ["with a session", true],
])("%s, a page is kept out whose name points to the queen since it was loaded", async (_what, isLocked) => {
  const { context, port, answered, isUntouched } = await startQueen({ isLocked });
  const rebound = `http://${REBOUND_NAME}:${port}`;
  const page = await pageAt(context, `${rebound}/`);
  const read = await attack(page, rebound);
  expectNothingLetIn(answered());
  // As one of its own origin it reads the answers: each is a problem.
  expect(read).toContain(isLocked ? "UNAUTHENTICATED" : "FORBIDDEN");
  expect(read).not.toContain(HIVE_JSON.host);
  expect(await isUntouched()).toBe(true);
});

test("the same page does all of it where the queen has sent it: what keeps others out is whose they are", async () => {
  const { context, origin, answered } = await startQueen({ isLocked: false });
  const page = await pageAt(context, `${origin}/ui`);
  expect(await attack(page, origin)).toContain("hive-a");
  expect(answered().filter(({ status }) => status < 300).length).toBeGreaterThan(3);
});

async function follow(page: Page, url: string): Promise<number | undefined> {
  const [response] = await Promise.all([
    page.waitForResponse((seen) => seen.url() === url),
    page.evaluate(`location.href = ${JSON.stringify(url)}`),
  ]);
  return response.status();
}

test("a link from another site leads to the page, and to nothing else", async () => {
  const { context, origin } = await startQueen({ isLocked: false });
  const other = `http://localhost:${await startOther()}/`;
  const statusOf = async (path: string) => {
    const page = await context.newPage();
    await page.goto(other);
    return await follow(page, origin + path);
  };
  expect([await statusOf("/v1/hives"), await statusOf("/docs")]).toEqual([403, 403]);
  expect([await statusOf("/ui"), await statusOf("/ui/hives/hive-a")]).not.toContain(403);
});
