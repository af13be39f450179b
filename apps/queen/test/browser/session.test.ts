import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { HIVE_JSON, LIFECYCLE_SETTINGS, startTestQueen } from "../test-queen.ts";
import { addToken } from "../tokens.ts";
import { newContext, pageAt } from "./chromium.ts";

/** Who logs in, in a page of the queen's own. */
async function startLogin(publicUrl?: string) {
  const queen = await startTestQueen({ lifecycle: { ...LIFECYCLE_SETTINGS, publicUrl } });
  onTestFinished(() => queen[Symbol.asyncDispose]());
  await queen.catalog.addHive(HIVE_JSON);
  const spare = await addToken(queen.catalog, "operator");
  const { id, token } = await addToken(queen.catalog, "operator");
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  queen.door.known.start();
  const { port } = queen.app.server.address() as AddressInfo;
  const context = await newContext();
  const page = await pageAt(context, `http://127.0.0.1:${port}/ui`);
  const run = <T>(script: string): Promise<T> => page.evaluate(`(async () => { ${script} })()`);
  const logIn = () =>
    run<{ role: string; key: string }>(`
      const headers = { "content-type": "application/json" };
      const body = ${JSON.stringify(JSON.stringify({ token }))};
      const answer = await fetch("/v1/session", { method: "POST", headers, body });
      return await answer.json();`);
  const statusOf = (path: string, init: object = {}) =>
    run<number>(`return (await fetch(${JSON.stringify(path)}, ${JSON.stringify(init)})).status;`);
  return { queen, context, page, run, logIn, statusOf, id, spare };
}

test.each([
  ["in clear text", undefined, "queen_session"],
  ["where her public URL is of https", "https://queen.example", "__Host-queen_session"],
])(
  "a page logs in %s: its cookie reads, its key changes, and no script sees the cookie",
  async (_how, publicUrl, name) => {
    const { context, run, logIn, statusOf, queen } = await startLogin(publicUrl);
    expect(await statusOf("/v1/hives")).toBe(401);
    const { role, key } = await logIn();
    expect(role).toBe("operator");
    expect(await context.cookies()).toMatchObject([{ name, path: "/", httpOnly: true, sameSite: "Strict" }]);
    expect(await run("return document.cookie;")).toBe("");
    expect([await statusOf("/v1/hives"), await statusOf("/v1/tokens")]).toEqual([200, 403]);
    const removing = { method: "DELETE" };
    const withKey = { headers: { "x-queen-key": key } };
    expect(await statusOf("/v1/hives/hive-a", removing)).toBe(403);
    expect(await queen.catalog.countHives()).toBe(1);
    expect(await statusOf("/v1/tokens", withKey)).toBe(200);
    expect(await statusOf("/v1/hives/hive-a", { ...removing, ...withKey })).toBe(204);
    expect(await statusOf("/v1/session", { ...removing, ...withKey })).toBe(204);
    expect([await statusOf("/v1/hives"), await context.cookies()]).toEqual([401, []]);
  },
);

test("an event stream is read with the cookie alone, and ends when another process revokes the token", async () => {
  const { queen, run, logIn, id, spare } = await startLogin();
  await logIn();
  await run(`
    window.told = [];
    window.events = new EventSource("/v1/events");
    for (const kind of ["hello", "hive_added"]) events.addEventListener(kind, ({ type }) => told.push(type));
    await new Promise((done) => events.addEventListener("hello", done));`);
  const { authorization } = spare;
  const payload = { ...HIVE_JSON, id: "hive-b" };
  await queen.send({ method: "POST", url: "/v1/hives", headers: { authorization }, payload });
  await run(`while (told.length < 2) await new Promise((done) => events.addEventListener("hive_added", done));`);
  await queen.catalog.tokens.revoke(id);
  // The browser comes back once, and gives up when it is refused.
  await run(
    `while (events.readyState !== EventSource.CLOSED) await new Promise((done) => events.addEventListener("error", done));`,
  );
  expect(await run("return told;")).toEqual(["hello", "hive_added"]);
});

test("a code opens a session in the page, once", async () => {
  const { queen, run, statusOf, spare } = await startLogin();
  const { authorization } = spare;
  const { body } = await queen.send({ method: "POST", url: "/v1/session/codes", headers: { authorization } });
  const { code } = body as { code: string };
  const exchange = () =>
    run<number>(`
      const headers = { "content-type": "application/json" };
      const body = ${JSON.stringify(JSON.stringify({ code }))};
      return (await fetch("/v1/session", { method: "POST", headers, body })).status;`);
  expect([await exchange(), await statusOf("/v1/hives"), await exchange()]).toEqual([201, 200, 401]);
});
