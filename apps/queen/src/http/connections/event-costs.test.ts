import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { EventReader } from "../../../test/event-reader.ts";
import { startStream } from "../../../test/start-stream.ts";
import { startTestQueen } from "../../../test/test-queen.ts";
import { addToken } from "../../../test/tokens.ts";
import { until } from "../../../test/until.ts";
import { DEFAULT_LIMITS } from "../../config/settings.ts";
import { wholeTurn } from "../../process/turn.ts";

const LARGE = "x".repeat(10_000);

test("what a reader of events is sent counts as many requests of its token as it is long", async () => {
  await using queen = await startTestQueen({ limits: { ...DEFAULT_LIMITS, tokenRequestsPerSecond: 10 } });
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  const origin = `http://127.0.0.1:${(queen.app.server.address() as AddressInfo).port}`;
  const [reader, other] = [await addToken(queen.catalog, "reader"), await addToken(queen.catalog, "reader")];
  for (let n = 0; n < 50; n++) queen.events.publish("hive_removed", { hive_id: LARGE });
  const replay = async ({ authorization }: { authorization: string }) => {
    await using stream = new EventReader();
    stream.lastEventId = queen.events.idOf(0);
    await stream.connect(origin, { authorization });
    if (stream.status === 200) await until("all is read", () => stream.events.length === 50);
    return stream.status;
  };
  expect(await replay(reader)).toBe(200);
  expect(await replay(reader)).toBe(429);
  expect(await replay(other)).toBe(200);
  queen.clock.advance(60_000);
  expect(await replay(reader)).toBe(200);
});

test("what readers have missed they are sent in pieces, each in its turn", async () => {
  const turns: (() => void)[] = [];
  const { events, origin } = await startStream({ turn: () => new Promise((resolve) => turns.push(resolve)) });
  for (let n = 0; n < 20; n++) events.publish("hive_removed", { hive_id: LARGE });
  await using first = new EventReader();
  await using second = new EventReader();
  for (const reader of [first, second]) {
    reader.lastEventId = events.idOf(0);
    await reader.connect(origin);
  }
  await until("both are in the line", () => turns.length === 2);
  turns[0]?.();
  await until("the first one was sent a piece, and is in the line again", () => turns.length === 3);
  await until("it has read that", () => first.events.length === 7);
  for (let n = 0; n < 20; n++) await wholeTurn();
  expect([first.events.length, second.events.length]).toEqual([7, 0]);
  for (let n = 1; n < 6; n++) {
    await until("the next one is in the line", () => turns.length > n);
    turns[n]?.();
  }
  await until("both have read it all", () => first.events.length === 20 && second.events.length === 20);
});
