import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect, onTestFinished, test } from "vitest";
import { QueenClient } from "./queen-client.ts";
import { answerOk, startQueenDouble } from "./testing.ts";

test("a beat over a kept connection that is given up just then is sent once more on another; one on a new connection is not", async () => {
  const queen = await startQueenDouble();
  const kept = new WeakSet<object>();
  queen.answerWith((response) => {
    const { socket } = response;
    if (socket === null || kept.has(socket)) return void socket?.resetAndDestroy();
    kept.add(socket);
    answerOk(response);
  });
  const client = new QueenClient({ queen: queen.url });
  onTestFinished(() => client.close());
  const beat = () => client.post("/v1/heartbeat", {}, AbortSignal.timeout(20_000));
  for (const beats of [1, 3, 5]) {
    expect(await beat()).toMatchObject({ status: 200 });
    expect(queen.beats).toHaveLength(beats);
  }
  queen.answerWith((response) => void response.socket?.resetAndDestroy());
  await expect(beat()).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(queen.beats).toHaveLength(7);
});

/** As Node tells that the head of an answer has been read. */
const HEAD_READ = "http.client.response.finish";

test("a beat whose answer has begun is not sent again, whatever ends its connection", async () => {
  const queen = await startQueenDouble();
  const client = new QueenClient({ queen: queen.url });
  onTestFinished(() => client.close());
  const beat = () => client.post("/v1/heartbeat", {}, AbortSignal.timeout(20_000));
  expect(await beat()).toMatchObject({ status: 200 });
  let reset = () => {};
  queen.answerWith((response) => {
    const { socket } = response.writeHead(200, { "content-length": 10 });
    reset = () => void socket?.resetAndDestroy();
    response.flushHeaders();
  });
  const onHead = () => reset();
  subscribe(HEAD_READ, onHead);
  onTestFinished(() => void unsubscribe(HEAD_READ, onHead));
  await expect(beat()).rejects.toMatchObject({ code: "ECONNRESET" });
  queen.answerWith(answerOk);
  expect(await beat()).toMatchObject({ status: 200 });
  expect(queen.beats).toHaveLength(3);
});
