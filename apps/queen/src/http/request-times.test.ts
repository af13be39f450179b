import { once } from "node:events";
import { get } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { expect, test } from "vitest";
import { addHive, beatJson, startTestQueen, type TestQueen } from "../../test/test-queen.ts";
import { addToken } from "../../test/tokens.ts";
import { wholeTurn } from "../process/turn.ts";

/** Lets the reading of a hive keep the queen busy for so long. */
function holdUp(queen: TestQueen, forMs: number, busyMs: number): void {
  const getHive = queen.catalog.getHive.bind(queen.catalog);
  queen.catalog.getHive = async (id) => {
    const hive = await getHive(id);
    if (id === "slow") queen.clock.advance(forMs);
    if (id === "slow") queen.clock.cpuMs += busyMs;
    return hive;
  };
}

async function stallOf(forMs: number, busyMs: number, requests: (queen: TestQueen) => Promise<unknown>) {
  await using queen = await startTestQueen();
  await addHive(queen, 1, { id: "slow" });
  await queen.watch.sweep();
  // What she did before a stall is none of its making.
  queen.clock.cpuMs += 60_000;
  queen.clock.advance(queen.fleet.sweepIntervalMs);
  await queen.watch.sweep();
  holdUp(queen, forMs, busyMs);
  await requests(queen);
  await queen.watch.sweep();
  return queen.logLines.filter(({ msg }) => msg.startsWith("the queen stood still")).map(({ msg }) => msg);
}

test("a stall of the queen's own making is told with the request that ran longest in it", async () => {
  const told = await stallOf(40_000, 30_000, async (queen) => {
    await queen.send({ method: "GET", url: "/v1/hives/slow?", remoteAddress: "10.0.0.7" });
    await queen.request("GET", "/v1/hives");
  });
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/; the request that ran longest meanwhile: GET \/v1\/hives\/slow from 10\.0\.0\.7, 40\.0 s$/);
});

test("… and not with one that waited for it", async () => {
  const told = await stallOf(40_000, 30_000, async (queen) => {
    const { catalog, clock } = queen;
    const updateHeartbeat = catalog.updateHeartbeat.bind(catalog);
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const waits = new Promise<void>((resolve) => {
      catalog.updateHeartbeat = async (...beat) => {
        resolve();
        await held;
        await updateHeartbeat(...beat);
      };
    });
    const beat = queen.request("POST", "/v1/heartbeat", beatJson("slow"));
    await waits;
    clock.advance(100);
    await queen.request("GET", "/v1/hives/slow");
    release();
    await beat;
  });
  expect(told[0]).toContain("GET /v1/hives/slow");
});

test("a stall in which others stopped her names no request", async () => {
  const told = await stallOf(40_000, 1000, (queen) => queen.request("GET", "/v1/hives/slow"));
  expect(told).toHaveLength(1);
  expect(told[0]).not.toContain("request");
});

test("… nor with one whose caller left while its token was read: it would run for ever", async () => {
  const told = await stallOf(40_000, 30_000, async (queen) => {
    const { app, catalog, clock } = queen;
    const { authorization } = await addToken(catalog, "operator");
    await queen.door.known.refresh();
    await app.listen({ host: "127.0.0.1", port: 0 });
    const connected = once(app.server, "connection") as Promise<[Socket]>;
    const readToken = catalog.tokens.get.bind(catalog.tokens);
    const { port } = app.server.address() as AddressInfo;
    const sent = get({ host: "127.0.0.1", port, path: "/v1/counts", headers: { authorization }, agent: false });
    sent.on("error", () => undefined);
    await new Promise<void>((resolve) => {
      catalog.tokens.get = async (id) => {
        const [socket] = await connected;
        sent.destroy();
        await once(socket, "close");
        setImmediate(resolve);
        return readToken(id);
      };
    });
    await wholeTurn();
    clock.advance(40_000);
    clock.cpuMs += 30_000;
  });
  expect(told).toEqual([expect.stringMatching(/did not take that too often$/)]);
});
