import { expect, onTestFinished, test, vi } from "vitest";
import { logIn } from "../../../test/sessions.ts";
import { startTestQueen, type TestQueen } from "../../../test/test-queen.ts";
import { addToken } from "../../../test/tokens.ts";
import { until } from "../../../test/until.ts";

async function startLockedQueen() {
  const queen = await startTestQueen();
  onTestFinished(() => queen[Symbol.asyncDispose]());
  return { queen, operator: await addToken(queen.catalog, "operator") };
}

const send = (queen: TestQueen, headers: Record<string, string>, url = "/v1/hives", method: "GET" | "DELETE" = "GET") =>
  queen.send({ method, url, headers });

test("who logs in is known without a reading of all sessions", async () => {
  const { queen, operator } = await startLockedQueen();
  await logIn(queen, operator.token);
  const list = vi.spyOn(queen.catalog.sessions, "list");
  const second = await logIn(queen, operator.token);
  expect((await send(queen, second.headers)).status).toBe(200);
  expect(list).not.toHaveBeenCalled();
});

test("what another queen ends is known also where somebody logs in while the sessions are read", async () => {
  const { queen, operator } = await startLockedQueen();
  const { catalog, door } = queen;
  const ended = await logIn(queen, operator.token);
  expect((await send(queen, ended.headers)).status).toBe(200);
  const [session] = await catalog.sessions.list();
  await catalog.sessions.remove(session?.cookieHash ?? "");
  const list = catalog.sessions.list.bind(catalog.sessions);
  const begun: ReturnType<typeof logIn>[] = [];
  vi.spyOn(catalog.sessions, "list").mockImplementationOnce(async () => {
    const listed = await list();
    begun.push(logIn(queen, operator.token));
    await until("it is stored", async () => (await list()).length > listed.length);
    return listed;
  });
  await door.known.refresh();
  expect((await send(queen, ended.headers)).status).toBe(401);
  expect((await send(queen, (await begun[0])?.headers ?? {})).status).toBe(200);
});

test("who logs out is out, also where the sessions are read at that moment and cannot be read after it", async () => {
  const { queen, operator } = await startLockedQueen();
  const { sessions } = queen.catalog;
  const [other, own] = [await logIn(queen, operator.token), await logIn(queen, operator.token)];
  expect((await send(queen, other.headers)).status).toBe(200);
  const [first] = await sessions.list();
  await sessions.remove(first?.cookieHash ?? "");
  const list = sessions.list.bind(sessions);
  const ended: ReturnType<typeof send>[] = [];
  vi.spyOn(sessions, "list").mockImplementationOnce(async () => {
    const listed = await list();
    vi.spyOn(sessions, "version").mockRejectedValue(new Error("it cannot be read"));
    ended.push(send(queen, own.headers, "/v1/session", "DELETE"));
    await until("it is removed", async () => (await list()).length < listed.length);
    return listed;
  });
  await queen.door.known.refresh();
  expect((await ended[0])?.status).toBe(204);
  expect((await send(queen, own.headers)).status).toBe(401);
  vi.mocked(sessions.version).mockRestore();
  await queen.door.known.refresh();
  expect((await send(queen, other.headers)).status).toBe(401);
});

test("who logs out is out, also where his session is read at that moment", async () => {
  const { queen, operator } = await startLockedQueen();
  const { headers } = await logIn(queen, operator.token);
  const { sessions } = queen.catalog;
  const get = sessions.get.bind(sessions);
  vi.spyOn(sessions, "get").mockImplementationOnce(async (cookieHash) => {
    const session = await get(cookieHash);
    await queen.door.known.endSession(cookieHash);
    return session;
  });
  for (const _ of ["at that moment", "after it"]) expect((await send(queen, headers)).status).toBe(401);
});
