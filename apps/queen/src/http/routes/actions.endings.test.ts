import { type ServerResponse, request as send } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { expect, test } from "vitest";
import { startHive } from "../../../test/hive-server.ts";
import { act, addMany, countsIn, type Line, toldBy } from "../../../test/many-hives.ts";
import { linesIn, startTestQueen, type TestQueen } from "../../../test/test-queen.ts";
import { addToken } from "../../../test/tokens.ts";
import { until } from "../../../test/until.ts";
import { cordoning, detecting } from "../../lifecycle/bulk/actions.ts";
import { Bulk } from "../../lifecycle/bulk/bulk.ts";
import type { BulkLine } from "../../lifecycle/bulk/lines.ts";
import { wholeTurn } from "../../process/turn.ts";

const DETECT = { action: "detect", selector: "" };

/** A hive that answers when it is told to. */
async function startSlowHive() {
  const waiting: ServerResponse[] = [];
  const { port } = await startHive({ "/v1/devices": (_request, response) => void waiting.push(response) });
  const answer = () => {
    for (const response of waiting.splice(0)) response.end('{"cpu":null,"gpus":[]}');
  };
  /** Answers whoever asks until all of that has ended. */
  async function answerUntil<T>(works: Promise<T>[]): Promise<T[]> {
    let isOver = false;
    const all = Promise.all(works).finally(() => {
      isOver = true;
    });
    await until("all has ended", () => {
      answer();
      return isOver;
    });
    return all;
  }
  return { port, waiting, answer, answerUntil };
}

const post = (queen: TestQueen, body: object, query = "") => {
  const { port } = queen.app.server.address() as AddressInfo;
  const headers = { "content-type": "application/json" };
  const sent = send({ host: "127.0.0.1", port, method: "POST", path: `/v1/hives/actions${query}`, headers });
  sent.on("error", () => undefined).end(JSON.stringify(body));
  return sent;
};

/** All that is told, when it has ended. */
function told(sent: ReturnType<typeof post>): Promise<ReturnType<typeof toldBy>> {
  return new Promise((resolve, reject) => {
    sent.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      response.on("error", reject).once("end", () => resolve(toldBy(linesIn(text) as Line[])));
    });
  });
}

test("whoever leaves in the middle ends what has not begun, and what has begun is done", async () => {
  await using queen = await startTestQueen();
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  await addMany(queen, 500);
  const sent = post(queen, { action: "cordon", reason: "fans", selector: "" });
  sent.on("response", (response) => response.once("data", () => sent.destroy()).on("error", () => undefined));
  const said = await until("the queen says how far it came", () =>
    queen.logLines.find(({ msg }) => msg === "cordon of many hives ended early"),
  );
  await queen.stop();
  const cordoned = (await queen.catalog.cordons.list()).length;
  expect(cordoned).toBe(500 - Number(said.not_begun));
  expect(cordoned).toBeGreaterThan(0);
  expect(cordoned).toBeLessThan(500);
});

test("for a caller who left while all of it waited for those of another, nothing begins", async () => {
  await using queen = await startTestQueen();
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  const connections: Socket[] = [];
  queen.app.server.on("connection", (socket) => void connections.push(socket));
  const hive = await startSlowHive();
  const [last = "", ...others] = await addMany(queen, 17, { port: hive.port });
  const asked = told(post(queen, { action: "detect", ids: others }, "?parallel=16"));
  await until("the others are asked", () => hive.waiting.length === 16);
  const sent = post(queen, { action: "detect", ids: [last] });
  await until("its request is there", () => (connections[1]?.bytesRead ?? 0) > 0);
  for (let turns = 0; turns < 50; turns++) await wholeTurn();
  sent.destroy();
  await until("it has gone", () => connections[1]?.closed === true);
  await hive.answerUntil([asked]);
  for (let turns = 0; turns < 200; turns++) await wholeTurn();
  hive.answer();
  await queen.stop();
  expect((await queen.catalog.findHivesWithoutDevices()).map(({ id }) => id)).toEqual([last]);
});

test.each([3, 10])(
  "a queen that stops in the middle finishes what has begun, and says in the last line what has not: %i of 10",
  async (begun) => {
    await using queen = await startTestQueen();
    const hive = await startSlowHive();
    await queen.app.listen({ host: "127.0.0.1", port: 0 });
    const ids = await addMany(queen, 10, { port: hive.port });
    const answered = told(post(queen, DETECT, `?parallel=${begun}`));
    await until("so many hives are asked", () => hive.waiting.length === begun);
    const stopped = queen.stop();
    await wholeTurn();
    hive.answer();
    const { hives, end } = await answered;
    expect([...hives.keys()]).toEqual(ids.slice(0, begun));
    expect(end).toMatchObject({ running: 0, not_begun: 10 - begun, stopping: begun < 10 });
    expect(countsIn(end)).toEqual({ done: begun });
    await stopped;
  },
);

test("of a caller whose token is revoked nothing more begins", async () => {
  await using queen = await startTestQueen();
  const hive = await startSlowHive();
  await addMany(queen, 10, { port: hive.port });
  await addToken(queen.catalog, "operator");
  const { id, authorization } = await addToken(queen.catalog, "operator");
  const url = "/v1/hives/actions?parallel=2";
  const answered = queen.send({ method: "POST", url, headers: { authorization }, payload: DETECT });
  await until("two are asked", () => hive.waiting.length === 2);
  await queen.catalog.tokens.revoke(id);
  await queen.door.known.refresh();
  const [answer] = await hive.answerUntil([answered]);
  const { end } = toldBy(answer?.body as Line[]);
  expect(end).toMatchObject({ counts: { done: 2 }, not_begun: 8, stopping: false });
});

test("no more are asked at a time than was said, nor than 16 by all requests together", async () => {
  await using queen = await startTestQueen();
  const hive = await startSlowHive();
  await addMany(queen, 20, { port: hive.port });
  const two = act(queen, DETECT, "?parallel=2");
  await until("two are asked", () => hive.waiting.length === 2);
  const others = [act(queen, DETECT, "?parallel=16"), act(queen, DETECT, "?parallel=16")];
  // A hive that is asked already is not asked again: 16 places are taken by 14 more, or fewer.
  await until("all places are taken", () => hive.waiting.length === 14);
  for (let turns = 0; turns < 50; turns++) await wholeTurn();
  expect(hive.waiting.length).toBe(14);
  for (const { end } of await hive.answerUntil([two, ...others])) expect(countsIn(end)).toEqual({ done: 20 });
});

test("of one token four such requests are under way, and one more is refused", async () => {
  await using queen = await startTestQueen();
  const hive = await startSlowHive();
  await addMany(queen, 4, { port: hive.port });
  const [one, another] = [await addToken(queen.catalog, "operator"), await addToken(queen.catalog, "operator")];
  const ask = (n: number, { authorization }: { authorization: string }) =>
    queen.send({
      method: "POST",
      url: "/v1/hives/actions",
      headers: { authorization },
      payload: { action: "detect", ids: [`hive-${1000 + n}`] },
    });
  const running = [0, 1, 2, 3].map((n) => ask(n, one));
  await until("four are asked", () => hive.waiting.length === 4);
  expect(await ask(0, one)).toMatchObject({ status: 429, body: { code: "TOO_MANY_REQUESTS" } });
  const payload = '{"id":"new","host":"127.0.0.1","port":1}';
  const headers = { authorization: one.authorization, "content-type": "application/x-ndjson" };
  expect(await queen.send({ method: "POST", url: "/v1/hives", headers, payload })).toMatchObject({ status: 429 });
  const other = ask(0, another);
  for (const { status } of await hive.answerUntil([...running, other])) expect(status).toBe(200);
  expect(await hive.answerUntil([ask(1, one)])).toMatchObject([{ status: 200 }]);
});

/** Such work without HTTP. */
function bulkOf(queen: TestQueen, progressMs?: number): Bulk {
  const log = queen.app.log as ConstructorParameters<typeof Bulk>[0]["log"];
  return new Bulk({ ...queen, log, turn: wholeTurn, ...(progressMs !== undefined && { progressMs }) });
}

const request = (hiveIds: string[], parallel: number) => {
  const { signal } = new AbortController();
  return { hiveIds, parallel, damaged: new Map(), isDryRun: false, waits: false, signal, isAdmitted: () => true };
};

test("where nothing is told for long, a line says how far it is", async () => {
  await using queen = await startTestQueen();
  const hive = await startSlowHive();
  const hiveIds = await addMany(queen, 5, { port: hive.port });
  const lines: BulkLine[] = [];
  for await (const line of bulkOf(queen, 1).run({ ...request(hiveIds, 2), name: "detect", action: detecting(queen) })) {
    lines.push(line);
    if (line.type === "progress") hive.answer();
  }
  expect(lines[0]).toMatchObject({ type: "progress", running: 2, notBegun: 3, counts: { done: 0 } });
  expect(lines.at(-1)).toMatchObject({ type: "end", running: 0, notBegun: 0, counts: { done: 5 } });
});

test("who closes waits for what has begun for a caller who has gone", async () => {
  await using queen = await startTestQueen();
  const hive = await startSlowHive();
  const hiveIds = await addMany(queen, 2, { port: hive.port });
  const bulk = bulkOf(queen, 1);
  const run = bulk.run({ ...request(hiveIds, 2), name: "detect", action: detecting(queen) });
  await run.next();
  await until("both are asked", () => hive.waiting.length === 2);
  const left = run.return();
  await wholeTurn();
  let isClosed = false;
  const closed = bulk.close().then(() => {
    isClosed = true;
  });
  for (let turns = 0; turns < 50; turns++) await wholeTurn();
  expect(isClosed).toBe(false);
  hive.answer();
  await Promise.all([left, closed]);
  expect(await queen.catalog.findHivesWithoutDevices()).toEqual([]);
});

test("while a line waits for its reader, nothing more begins", async () => {
  await using queen = await startTestQueen();
  const hiveIds = await addMany(queen, 50);
  const run = bulkOf(queen).run({
    ...request(hiveIds, 4),
    name: "cordon",
    action: cordoning({ reason: "fans", untilMs: null, overwrite: false }, queen),
  });
  await run.next();
  for (let turns = 0; turns < 100; turns++) await wholeTurn();
  expect((await queen.catalog.cordons.list()).length).toBe(4);
  await run.return();
  expect((await queen.catalog.cordons.list()).length).toBe(4);
});
