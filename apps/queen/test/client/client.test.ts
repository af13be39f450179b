import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { type Connection, QueenClient, type QueenEvent } from "@repo/queen-client";
import { expect, onTestFinished, test } from "vitest";
import { startTestQueen, type TestQueen } from "../test-queen.ts";
import { addToken } from "../tokens.ts";
import { until } from "../until.ts";

const HIVE = { id: "gpu-01", host: "127.0.0.1", port: 1 };

async function listen(queen: TestQueen, port = 0): Promise<string> {
  await queen.app.listen({ host: "127.0.0.1", port });
  return `http://127.0.0.1:${(queen.app.server.address() as AddressInfo).port}`;
}

/** A proxy that has the queen below a path of its own. */
async function startProxy(path: string, origin: string): Promise<string> {
  const proxy = createServer((asked, answer) => {
    if (!asked.url?.startsWith(`${path}/`)) return void answer.writeHead(404).end("<html>");
    const { method, headers } = asked;
    const onwards = request(origin + asked.url.slice(path.length), { method, headers }, (response) => {
      response.pipe(answer.writeHead(response.statusCode ?? 502, response.headers));
    });
    asked.pipe(onwards);
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${path}`;
}

async function linesOf<Line>(lines: AsyncIterable<Line>): Promise<Line[]> {
  const all: Line[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

test("a hive is added, read, listed, changed, replaced and removed", async () => {
  await using queen = await startTestQueen();
  const client = new QueenClient({ url: await listen(queen) });
  expect(await client.addHive(HIVE)).toMatchObject({ ...HIVE, status: "unknown", last_heartbeat_ms: null });
  await expect(client.addHive(HIVE)).rejects.toMatchObject({ status: 409, code: "HIVE_ALREADY_EXISTS" });
  await expect(client.addHive({ ...HIVE, port: 0 })).rejects.toMatchObject({
    code: "INVALID_HIVE",
    errors: [{ field: "port", message: expect.any(String) }],
  });
  expect((await client.changeHive(HIVE.id, { port: 2 })).port).toBe(2);
  expect((await client.replaceHive(HIVE.id, { host: "127.0.0.2", port: 3 })).host).toBe("127.0.0.2");
  const gpus = [{ index: 0, name: "NVIDIA RTX 4090", vram_gb: 24 }];
  await client.setDevices(HIVE.id, { cpu: { cores: 16, ram_gb: 64 }, gpus });
  const beat = { hive_id: HIVE.id, timestamp: "2025-10-21T10:00:00Z", workers: [] };
  expect(await client.sendHeartbeat(beat)).toMatchObject({ status: "ok" });
  expect(await client.getHive(HIVE.id)).toMatchObject({ status: "online", devices: { gpus } });
  expect(await client.countHives()).toMatchObject({ total: 1 });
  expect(await client.removeHive(HIVE.id, { force: true })).toBeUndefined();
  await expect(client.getHive(HIVE.id)).rejects.toMatchObject({
    code: "HIVE_NOT_FOUND",
    requestId: expect.any(String),
  });
});

test("many hives are added and acted on, and each is told", async () => {
  await using queen = await startTestQueen();
  const client = new QueenClient({ url: await listen(queen) });
  const hives = Array.from({ length: 40 }, (_, n) => ({ ...HIVE, id: `gpu-${10 + n}` }));
  const added = await linesOf(client.addHives([...hives, HIVE, HIVE]));
  expect(added.at(-1)).toEqual({ type: "end", added: 41, failed: 1 });
  expect(added[41]).toMatchObject({
    line: 42,
    id: HIVE.id,
    outcome: "failed",
    problem: { code: "HIVE_ALREADY_EXISTS" },
  });
  const cordon = { action: "cordon", reason: "fans", selector: "" } as const;
  const would = await linesOf(client.actOnHives(cordon, { dry_run: true }));
  expect(would.at(-1)).toMatchObject({ type: "end", counts: { would_do: 41 } });
  for await (const line of client.actOnHives(cordon, { parallel: 1 })) {
    expect(line).toMatchObject({ type: "hive", outcome: "done" });
    break;
  }
  await until("the queen ends it", () => queen.logLines.some(({ msg }) => msg === "cordon of many hives ended early"));
  const cordoned = await linesOf(client.cordonPages({ limit: 1 }));
  expect(cordoned.length).toBeLessThan(41);
  expect(cordoned[0]).toMatchObject({ cordons: [{ hive_id: HIVE.id, reason: "fans" }] });
});

test("every page of a list comes, and what it asks for goes along", async () => {
  await using queen = await startTestQueen();
  const client = new QueenClient({ url: await listen(queen) });
  for (let n = 0; n < 5; n += 1) await client.addHive({ ...HIVE, id: `h-${n}`, labels: { odd: n % 2 ? "yes" : "no" } });
  const ids: string[][] = [];
  for await (const { hives } of client.hivePages({ selector: "odd=no", limit: 2 })) ids.push(hives.map(({ id }) => id));
  expect(ids.flat()).toEqual(["h-0", "h-2", "h-4"]);
  expect(ids.length).toBeGreaterThan(1);
});

test("who has no token, or one that may not, learns it as a problem; below the path of a proxy too", async () => {
  await using queen = await startTestQueen();
  const url = await startProxy("/fleets/one", await listen(queen));
  const { token } = await addToken(queen.catalog, "reader");
  await queen.door.known.refresh();
  await expect(new QueenClient({ url }).countHives()).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  const reader = new QueenClient({ url, token });
  expect(await reader.countHives()).toMatchObject({ total: 0 });
  await expect(reader.addHive(HIVE)).rejects.toMatchObject({ status: 403, code: "FORBIDDEN" });
});

test("a reader of events goes on by itself after a restart of the queen, is told the gap, and ends with its token", async () => {
  const before = await startTestQueen();
  const url = await listen(before);
  const events: QueenEvent[] = [];
  const connections: Connection[] = [];
  const reading = (async () => {
    const client = new QueenClient({ url });
    for await (const event of client.readEvents({ onConnection: (one) => connections.push(one) })) events.push(event);
  })();
  const typeOf = (at: number) => until(`event ${at} is there`, () => events[at]?.type);
  expect(await typeOf(0)).toBe("hello");
  await before.request("POST", "/v1/hives", HIVE);
  expect(await typeOf(1)).toBe("hive_added");
  await before[Symbol.asyncDispose]();

  await using queen = await startTestQueen();
  await listen(queen, Number(new URL(url).port));
  expect(await typeOf(2)).toBe("gap");
  expect(connections.map(({ isOpen }) => isOpen).slice(0, 2)).toEqual([true, false]);
  await queen.request("POST", "/v1/hives", HIVE);
  expect(await typeOf(3)).toBe("hive_added");
  expect(events[2]).toMatchObject({ data: { why: "queen_restarted", last_seen_id: events[1]?.id } });

  const refused = expect(reading).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  await addToken(queen.catalog, "operator");
  await queen.door.known.refresh();
  // Whoever is told something must be admitted still.
  queen.events.publish("hive_removed", { hive_id: HIVE.id });
  await refused;
});
