import { once } from "node:events";
import { request } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, onTestFinished, test } from "vitest";
import { Fleet } from "../e2e/fleet.ts";
import { act, countsIn, type HiveLine, type Line, type StepLine, saidOf, toldBy } from "../many-hives.ts";
import { HIVE_JSON, LIFECYCLE_SETTINGS, linesIn, startTestQueen, type TestQueen } from "../test-queen.ts";
import { addToken } from "../tokens.ts";
import { until } from "../until.ts";
import { ended } from "./operation.ts";
import { unusedPort } from "./port.ts";

const SSH = { ssh_host: "127.0.0.1", ssh_user: "nobody" };

/** A queen whose programs find what they need, and a home of its own for what is installed here. */
async function startQueen(): Promise<TestQueen> {
  const home = await temporaryFolder();
  const programEnv = { PATH: process.env.PATH ?? "", HOME: home.path };
  const queen = await startTestQueen({ lifecycle: { ...LIFECYCLE_SETTINGS, programEnv } });
  onTestFinished(async () => {
    await queen[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });
  return queen;
}

const add = (queen: TestQueen, id: string, fields: object = {}) =>
  queen.request("POST", "/v1/hives", { ...HIVE_JSON, id, ...fields });

/** Hives behind an sshd that takes every connection and says nothing: operations on them run until they are ended. */
async function addSilent(queen: TestQueen, ids: string[]): Promise<Set<Socket>> {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => sockets.add(socket.on("error", () => undefined))).listen(0, "127.0.0.1");
  await once(silent, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const { port } = silent.address() as AddressInfo;
  for (const id of ids) await add(queen, id, { ...SSH, ssh_port: port });
  return sockets;
}

const stepsIn = (lines: Line[], hiveId: string): string[] =>
  lines
    .filter((line): line is StepLine => line.type === "step" && line.hive_id === hiveId)
    .map(({ step }) => `${step.name} ${step.state}`);

test("each that cannot begin is said with why, and operations are told to their ends, step by step", async () => {
  const queen = await startQueen();
  await add(queen, "here");
  await add(queen, "unreachable", { ...SSH, ssh_port: 1 });
  await add(queen, "not-managed", { host: "10.0.0.1" });
  await add(queen, "busy");
  await queen.catalog.queens.renew("other");
  const deadlineMs = queen.clock.now() + 60_000;
  await queen.catalog.operations.begin({ id: "op", hiveId: "busy", kind: "stop", owner: "other", deadlineMs });
  const ids = ["here", "unreachable", "not-managed", "busy", "nobody"];

  const told = await act(queen, { action: "stop", ids }, "?wait=true");
  expect(saidOf(told.hives, "")).toEqual({
    here: "failed",
    unreachable: "failed",
    "not-managed": "failed HIVE_NOT_MANAGED",
    busy: "failed OPERATION_IN_PROGRESS",
    nobody: "failed HIVE_NOT_FOUND",
  });
  expect(stepsIn(told.lines, "here")).toEqual(["connect running", "connect done", "stop running", "stop failed"]);
  expect(stepsIn(told.lines, "unreachable")).toEqual(["connect running", "connect failed"]);
  const { detail, operation_id } = told.hives.get("unreachable") as HiveLine;
  expect(detail).toMatch(/^connect: .*\[SSH_UNREACHABLE\]; next: /);
  expect((await queen.request("GET", `/v1/operations/${operation_id}`)).body).toMatchObject({ problem: detail });

  const begun = await act(queen, { action: "stop", ids: ["here", "unreachable"] });
  expect(countsIn(begun.end)).toEqual({ begun: 2 });
  expect(begun.lines.filter(({ type }) => type === "step")).toEqual([]);
  for (const { operation_id } of begun.hives.values()) await ended(queen.request, operation_id ?? "");

  const install = await act(queen, { action: "install", ids: ["unreachable", "not-managed"] });
  expect(saidOf(install.hives, "")).toEqual({
    unreachable: "failed PUBLIC_URL_NEEDED",
    "not-managed": "failed HIVE_NOT_MANAGED",
  });
});

test("agents are started and stopped by one request each, which lasts until they run or have ended", async () => {
  await using fleet = await Fleet.create();
  await fleet.startQueen({ HOME: join(fleet.file, "..") });
  const ids = ["desk-a", "desk-b"];
  for (const id of ids) await fleet.add(id, await unusedPort());
  const actAt = async (action: object) => {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ ids, ...action });
    const answer = await fetch(`${fleet.origin}/v1/hives/actions?wait=true`, { method: "POST", headers, body });
    return toldBy(linesIn(await answer.text()) as Line[]);
  };
  const started = await actAt({ action: "start" });
  expect(saidOf(started.hives, "done")).toEqual({});
  expect(stepsIn(started.lines, "desk-a")).toContain("health done");
  for (const id of ids) await fleet.untilStatus(id, "online");
  expect(saidOf((await actAt({ action: "remove" })).hives, "failed HIVE_RUNNING")).toEqual({});
  expect(countsIn((await actAt({ action: "stop" })).end)).toEqual({ done: 2 });
  expect(countsIn((await actAt({ action: "remove" })).end)).toEqual({ done: 2 });
}, 120_000);

test("so many operations are under way at a time, also when nobody waits for their ends", async () => {
  const queen = await startQueen();
  const ids = ["one", "two", "three"];
  const sockets = await addSilent(queen, ids);
  const told = act(queen, { action: "stop", ids }, "?parallel=2");
  await until("two are connected", () => sockets.size === 2);
  const running = async () => (await queen.catalog.operations.unfinished()).map(({ hiveId }) => hiveId);
  expect((await running()).toSorted()).toEqual(["one", "two"]);
  const [first] = (await queen.catalog.operations.list({ hiveId: "one" })).map(({ id }) => id);
  await queen.request("POST", `/v1/operations/${first}/cancel`);
  const { end } = await told;
  expect(countsIn(end)).toEqual({ begun: 3 });
  expect(end.running).toBe(2);
  expect((await running()).toSorted()).toEqual(["three", "two"]);
});

test("whoever leaves ends what has not begun; the operations go on, and the log says how far all came", async () => {
  const queen = await startQueen();
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  const sockets = await addSilent(queen, ["one", "two", "three"]);
  const { port } = queen.app.server.address() as AddressInfo;
  const headers = { "content-type": "application/json" };
  const path = "/v1/hives/actions?parallel=2&wait=true";
  const sent = request({ host: "127.0.0.1", port, method: "POST", path, headers }).on("error", () => undefined);
  const [connection] = await Promise.all([
    once(queen.app.server, "connection"),
    sent.end(JSON.stringify({ action: "stop", selector: "" })),
  ]);
  await until("two are connected", () => sockets.size === 2);
  const closed = once(connection[0] as Socket, "close");
  sent.destroy();
  await closed;
  const unfinished = await queen.catalog.operations.unfinished();
  expect(unfinished.map(({ hiveId, state }) => `${hiveId} ${state}`).toSorted()).toEqual([
    "one running",
    "three running",
  ]);
  for (const { id } of unfinished) await queen.request("POST", `/v1/operations/${id}/cancel`);
  await until("the log says it", () =>
    queen.logLines.some(({ msg, not_begun, failed }) => {
      return msg === "stop of many hives ended early" && not_begun === 1 && failed === 2;
    }),
  );
  expect(await queen.catalog.operations.list({ hiveId: "two" })).toEqual([]);
});

test("of a caller whose token is revoked no further operation begins, also where nobody waits for their ends", async () => {
  const queen = await startQueen();
  const sockets = await addSilent(queen, ["one", "two", "three"]);
  const [revoked, other] = [await addToken(queen.catalog, "operator"), await addToken(queen.catalog, "operator")];
  await queen.door.known.refresh();
  const post = (url: string, { authorization }: { authorization: string }, payload?: object) =>
    queen.send({ method: "POST", url, headers: { authorization }, ...(payload && { payload }) });
  const answered = post("/v1/hives/actions?parallel=1", revoked, { action: "stop", selector: "" });
  await until("one is connected", () => sockets.size === 1);
  await queen.catalog.tokens.revoke(revoked.id);
  await queen.door.known.refresh();
  const [running] = await queen.catalog.operations.unfinished();
  await post(`/v1/operations/${running?.id}/cancel`, other);
  const { end } = toldBy((await answered).body as Line[]);
  expect(countsIn(end)).toEqual({ begun: 1 });
  expect(end).toMatchObject({ not_begun: 2, stopping: false });
  expect((await queen.catalog.operations.list()).map(({ hiveId }) => hiveId)).toEqual(["one"]);
});

test("a queen that stops ends the operations, says so of each, and begins no other", async () => {
  const queen = await startTestQueen({
    lifecycle: { ...LIFECYCLE_SETTINGS, programEnv: { PATH: process.env.PATH ?? "" } },
  });
  const ids = ["one", "two", "three"];
  const sockets = await addSilent(queen, ids);
  const answered = queen.request("POST", "/v1/hives/actions?parallel=2&wait=true", { action: "stop", ids });
  await until("two are connected", () => sockets.size === 2);
  await queen[Symbol.asyncDispose]();
  const { hives, end } = toldBy((await answered).body as Line[]);
  expect([...hives.values()].map(({ hive_id, detail }) => `${hive_id}: ${detail}`).toSorted()).toEqual([
    "one: connect: the queen was stopped",
    "two: connect: the queen was stopped",
  ]);
  expect(end).toMatchObject({ stopping: true, not_begun: 1, running: 0 });
});
