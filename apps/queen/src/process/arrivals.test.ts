import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { FakeClock } from "../../test/fake-clock.ts";
import { beatJson, HIVE_JSON, startTestQueen } from "../../test/test-queen.ts";
import { Arrivals } from "./arrivals.ts";
import { wholeTurn } from "./turn.ts";

async function isSettledAfter({ settled }: Arrivals, turns: number): Promise<boolean> {
  let isSettled = false;
  void settled?.then(() => {
    isSettled = true;
  });
  for (let turn = 0; turn < turns; turn++) await wholeTurn();
  return isSettled;
}

test("nothing is waited for while no connection comes in", async () => {
  const arrivals = new Arrivals(new FakeClock());
  expect(arrivals.settled).toBeUndefined();
  arrivals.add();
  expect(await isSettledAfter(arrivals, 2)).toBe(true);
  expect(arrivals.settled).toBeUndefined();
});

test("goes on while each turn of the loop brings one more, but not for longer than 20 ms", async () => {
  const clock = new FakeClock();
  const arrivals = new Arrivals(clock);
  arrivals.add();
  const { settled } = arrivals;
  for (let turn = 0; turn < 100; turn++) {
    arrivals.add();
    await wholeTurn();
    expect(arrivals.settled).toBe(settled);
  }
  clock.advance(19);
  arrivals.add();
  expect(await isSettledAfter(arrivals, 1)).toBe(false);
  clock.advance(1);
  arrivals.add();
  expect(await isSettledAfter(arrivals, 1)).toBe(true);
});

test("is of use again after a machine that stood still between two looks at the clock", async () => {
  let nowMs = 0;
  const arrivals = new Arrivals({ monotonicNow: () => (nowMs += 25) });
  for (let round = 0; round < 2; round++) {
    arrivals.add();
    expect(arrivals.settled).toBeDefined();
    expect(await isSettledAfter(arrivals, 2)).toBe(true);
    expect(arrivals.settled).toBeUndefined();
  }
});

test("the beats of hives that connect at once share their commits", async () => {
  const HIVES = 60;
  await using queen = await startTestQueen();
  const ids = Array.from({ length: HIVES }, (_, n) => `hive-${n}`);
  for (const id of ids) await queen.catalog.addHive({ ...HIVE_JSON, id, status: "online" });
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  // The first request of all waits for the tokens, and the others with it.
  await queen.request("GET", "/v1/counts");
  const { port } = queen.app.server.address() as AddressInfo;

  const answers = ids.map(async (id) => {
    const body = JSON.stringify(beatJson(id));
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.write(
      `POST /v1/heartbeat HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    const [answer] = (await once(socket, "data")) as [Buffer];
    return answer.toString("latin1").split("\r\n")[0];
  });

  expect(new Set(await Promise.all(answers))).toEqual(new Set(["HTTP/1.1 200 OK"]));
  const { values } = await queen.metrics.groupSizes.get();
  const seen = (name: string) => values.find(({ metricName }) => metricName === `queen_heartbeat_group_size_${name}`);
  expect(seen("sum")?.value).toBe(HIVES);
  expect(seen("count")?.value).toBeLessThanOrEqual(4);
});
