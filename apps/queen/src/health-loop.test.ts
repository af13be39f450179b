import { createClient } from "@libsql/client";
import { HiveCatalog } from "@repo/hive-catalog";
import { aHive, temporaryFolder } from "@repo/hive-catalog/testing";
import { afterEach, describe, expect, test } from "vitest";
import { type Answer, answer, HEALTHY, HiveServer } from "../test/hive-server.ts";
import { beatJson, HIVE_JSON, startTestQueen, type TestQueen, workerJson } from "../test/test-queen.ts";
import { until } from "../test/until.ts";

const STALE_AFTER_MS = 60_000;

const hives: HiveServer[] = [];
afterEach(async () => {
  for (const hive of hives.splice(0)) await hive.stop();
});

async function startHive(routes: Record<string, Answer> = HEALTHY): Promise<HiveServer> {
  const hive = await HiveServer.start(routes);
  hives.push(hive);
  return hive;
}

/** A port on which nobody listens. */
async function deadPort(): Promise<number> {
  const hive = await HiveServer.start();
  const { port } = hive;
  await hive.stop();
  return port;
}

async function addHive(queen: TestQueen, port: number, fields: Record<string, unknown> = {}): Promise<void> {
  const { status, body } = await queen.request("POST", "/v1/hives", { ...HIVE_JSON, port, ...fields });
  expect(status, JSON.stringify(body)).toBe(201);
}

const beat = (queen: TestQueen, id = "hive-a") => queen.request("POST", "/v1/heartbeat", beatJson(id, [workerJson()]));
const statusOf = async (queen: TestQueen, id = "hive-a") => (await queen.catalog.getHive(id))?.status;

describe("who is online", () => {
  test("a hive that answers its health check goes online, and its devices are detected", async () => {
    await using queen = await startTestQueen();
    const hive = await startHive();
    await addHive(queen, hive.port);
    await queen.healthLoop.runRound();
    expect(await queen.catalog.getHive("hive-a")).toMatchObject({
      status: "online",
      lastHeartbeatMs: null,
      devices: { cpu: { cores: 8 } },
    });
    await queen.healthLoop.runRound();
    expect(hive.countOf("GET /v1/devices")).toBe(1);
    expect(queen.changes()).toEqual(["hive-a: unknown → online"]);
  });

  test("a hive that was never seen stays unknown while nobody answers", async () => {
    await using queen = await startTestQueen();
    await addHive(queen, await deadPort());
    await queen.healthLoop.runRound();
    await queen.healthLoop.sweep();
    expect(await statusOf(queen)).toBe("unknown");
    expect(queen.changes()).toEqual([]);
  });

  test("a hive that beats but does not answer stays online without a flicker", async () => {
    await using queen = await startTestQueen();
    await addHive(queen, await deadPort());
    for (let round = 0; round < 4; round += 1) {
      await beat(queen);
      queen.clock.advance(STALE_AFTER_MS - 1);
      await queen.healthLoop.runRound();
      await queen.healthLoop.sweep();
    }
    expect(queen.changes()).toEqual(["hive-a: unknown → online"]);
  });

  test("a hive that answers but does not beat stays online without a flicker", async () => {
    await using queen = await startTestQueen();
    const hive = await startHive();
    await addHive(queen, hive.port);
    await beat(queen);
    for (let round = 0; round < 4; round += 1) {
      queen.clock.advance(STALE_AFTER_MS);
      await queen.healthLoop.runRound();
      await queen.healthLoop.sweep();
    }
    expect(queen.changes()).toEqual(["hive-a: unknown → online"]);
  });

  test("a hive goes offline once its beat is stale and its health check failed, in the sweep, and comes back with a beat", async () => {
    await using queen = await startTestQueen();
    await addHive(queen, await deadPort());
    await beat(queen);
    await queen.healthLoop.runRound();
    queen.clock.advance(STALE_AFTER_MS - 1);
    await queen.healthLoop.sweep();
    expect(await statusOf(queen)).toBe("online");
    queen.clock.advance(1);
    await queen.healthLoop.sweep();
    expect(await statusOf(queen)).toBe("offline");
    await beat(queen);
    expect(await statusOf(queen)).toBe("online");
    expect(queen.changes()).toEqual([
      "hive-a: unknown → online",
      "hive-a: online → offline",
      "hive-a: offline → online",
    ]);
    const [why] = queen.logLines.filter(({ status }) => status === "offline").map((line) => line.why);
    expect(why).toBe("its last heartbeat is 60000 ms old and its last health check failed");
  });

  test("a hive that never beat goes offline when it stops answering, and online when it answers again", async () => {
    await using queen = await startTestQueen();
    const hive = await startHive();
    await addHive(queen, hive.port);
    await queen.healthLoop.runRound();
    hive.routes = { "/health": answer(500, "") };
    await queen.healthLoop.runRound();
    expect(await statusOf(queen)).toBe("offline");
    hive.routes = HEALTHY;
    await queen.healthLoop.runRound();
    expect(queen.changes()).toEqual([
      "hive-a: unknown → online",
      "hive-a: online → offline",
      "hive-a: offline → online",
    ]);
  });

  test("a hive outside the allowed hosts is judged by its beats alone, and never contacted", async () => {
    await using queen = await startTestQueen();
    await addHive(queen, 8600, { host: "10.0.1.100" });
    await queen.healthLoop.runRound();
    expect(await statusOf(queen)).toBe("unknown");
    await beat(queen);
    expect(await statusOf(queen)).toBe("online");
    queen.clock.advance(STALE_AFTER_MS);
    await queen.healthLoop.sweep();
    expect(await statusOf(queen)).toBe("offline");
  });

  test("a wall clock that jumps makes nobody offline", async () => {
    await using queen = await startTestQueen();
    await addHive(queen, await deadPort());
    await beat(queen);
    await queen.healthLoop.runRound();
    for (const jumpMs of [7_200_000, -14_400_000]) {
      queen.clock.wallMs += jumpMs;
      await queen.healthLoop.runRound();
      await queen.healthLoop.sweep();
      expect(await statusOf(queen)).toBe("online");
    }
  });

  test("a wall clock that jumps back keeps no dead hive online", async () => {
    await using queen = await startTestQueen();
    await addHive(queen, await deadPort());
    await beat(queen);
    await queen.healthLoop.runRound();
    queen.clock.wallMs -= 30_000;
    queen.clock.monotonicMs += STALE_AFTER_MS;
    await queen.healthLoop.sweep();
    expect(await statusOf(queen)).toBe("offline");
  });

  test("a queen that starts anew marks nobody offline before it has asked", async () => {
    await using queen = await startTestQueen();
    const hive = await startHive();
    const longAgo = queen.clock.now() - 10 * STALE_AFTER_MS;
    await queen.catalog.addHive(
      aHive({ id: "alive", host: hive.host, port: hive.port, status: "online", lastHeartbeatMs: longAgo }),
    );
    await queen.catalog.addHive(
      aHive({ id: "dead", host: hive.host, port: await deadPort(), status: "online", lastHeartbeatMs: longAgo }),
    );
    await queen.healthLoop.sweep();
    expect(queen.changes()).toEqual([]);
    await queen.healthLoop.runRound();
    expect(queen.changes()).toEqual(["dead: online → offline"]);
  });
});

describe("beside other writers", () => {
  test("a beat that another queen took keeps a hive online, and wins against a mark that is under way", async () => {
    await using queen = await startTestQueen();
    await addHive(queen, await deadPort());
    await beat(queen);
    await queen.healthLoop.runRound();
    queen.clock.advance(STALE_AFTER_MS);
    await queen.catalog.updateHeartbeat("hive-a", queen.clock.now());
    await queen.healthLoop.sweep();
    expect(await statusOf(queen)).toBe("online");
    await queen.healthLoop.runRound();
    queen.clock.advance(STALE_AFTER_MS - 1);
    await queen.healthLoop.sweep();
    expect(await statusOf(queen)).toBe("online");
    queen.clock.advance(1);
    await queen.healthLoop.runRound();
    expect(await statusOf(queen)).toBe("offline");
  });

  test("a status that another program wrote is taken over, said, and corrected where it is wrong", async () => {
    await using queen = await startTestQueen();
    const hive = await startHive();
    await addHive(queen, hive.port);
    await beat(queen);
    queen.clock.advance(1);
    await queen.catalog.updateHiveStatus("hive-a", "offline");
    await queen.healthLoop.runRound();
    expect(await statusOf(queen)).toBe("online");
    expect(queen.changes()).toEqual([
      "hive-a: unknown → online",
      "hive-a: online → offline",
      "hive-a: offline → online",
    ]);
  });

  test("a hive that another program removed is forgotten after a round", async () => {
    await using queen = await startTestQueen();
    await addHive(queen, await deadPort());
    await beat(queen);
    await queen.catalog.removeHive("hive-a");
    await queen.healthLoop.runRound();
    expect(queen.registry.get("hive-a")).toBeUndefined();
    expect(queen.fleet.get("hive-a")).toBeUndefined();
  });

  test("a hive that is removed while it is probed ends no round", async () => {
    await using queen = await startTestQueen();
    const hive = await startHive({
      "/health": (_request, response) => void queen.catalog.removeHive("hive-a").then(() => response.end()),
    });
    await addHive(queen, hive.port);
    await addHive(queen, (await startHive()).port, { id: "hive-b" });
    await queen.healthLoop.runRound();
    expect(queen.changes()).toEqual(["hive-b: unknown → online"]);
  });

  test("a hive that moves while it is probed is judged at its new address alone", async () => {
    await using queen = await startTestQueen();
    const newPort = await deadPort();
    const hive = await startHive({
      "/health": (_request, response) =>
        void queen.request("PATCH", "/v1/hives/hive-a", { port: newPort }).then(() => response.end()),
    });
    await addHive(queen, hive.port);
    await queen.healthLoop.runRound();
    expect(await statusOf(queen)).toBe("unknown");
  });

  test("a damaged record takes no other hive down, and keeps its status", async () => {
    await using folder = await temporaryFolder();
    const file = `${folder.path}/hives.db`;
    const catalog = await HiveCatalog.open(file, { onCorruptHive: () => undefined });
    await using queen = await startTestQueen({ catalog });
    const hive = await startHive();
    await addHive(queen, hive.port, { id: "broken" });
    await addHive(queen, hive.port, { id: "sound" });
    const other = createClient({ url: `file:${file}` });
    await other.execute("UPDATE hives SET devices_json = '{' WHERE id = 'broken'");
    await queen.healthLoop.runRound();
    expect((await beat(queen, "broken")).status).toBe(200);
    await queen.healthLoop.sweep();
    const { rows } = await other.execute("SELECT id, status FROM hives ORDER BY id");
    other.close();
    expect(rows.map(({ id, status }) => [id, status])).toEqual([
      ["broken", "unknown"],
      ["sound", "online"],
    ]);
    expect(queen.registry.get("broken")?.workers).toHaveLength(1);
  });
});

describe("the loop", () => {
  test("probes at most 32 hives at once, and every one of several pages", async () => {
    await using queen = await startTestQueen();
    let open = 0;
    let most = 0;
    const hive = await startHive({
      "/health": (_request, response) => {
        open += 1;
        most = Math.max(most, open);
        setImmediate(() => {
          open -= 1;
          response.end();
        });
      },
    });
    const ids = Array.from({ length: 450 }, (_, index) => `hive-${index}`);
    await Promise.all(
      ids.map((id) =>
        queen.catalog.addHive({ id, host: hive.host, port: hive.port, devices: { cpu: null, gpus: [] } }),
      ),
    );
    await queen.healthLoop.runRound();
    expect(await queen.catalog.countByStatus("online")).toBe(450);
    expect(hive.countOf("GET /health")).toBe(450);
    expect(most).toBeLessThanOrEqual(32);
  });

  test("lets other work run between the pages of hives that it may not contact, and within a sweep", async () => {
    await using queen = await startTestQueen();
    const ids = Array.from({ length: 1000 }, (_, index) => `hive-${index}`);
    await Promise.all(ids.map((id) => queen.catalog.addHive({ id, host: "10.0.0.1", port: 1 })));
    for (const work of [() => queen.healthLoop.runRound(), () => queen.healthLoop.sweep()]) {
      let turns = 0;
      let running = true;
      const turn = () => {
        turns += 1;
        if (running) setImmediate(turn);
      };
      setImmediate(turn);
      await work();
      running = false;
      expect(turns).toBeGreaterThanOrEqual(1000 / 100 - 1);
    }
  });

  test("runs by itself, a round never beside another, and survives a catalog that fails", async () => {
    await using folder = await temporaryFolder();
    const file = `${folder.path}/hives.db`;
    await using queen = await startTestQueen({ catalog: await HiveCatalog.open(file), healthIntervalMs: 10 });
    let open = 0;
    let most = 0;
    const hive = await startHive({
      "/health": (_request, response) => {
        open += 1;
        most = Math.max(most, open);
        setImmediate(() => {
          open -= 1;
          response.end();
        });
      },
    });
    await addHive(queen, hive.port, { devices: { cpu: null, gpus: [] } });
    queen.healthLoop.start();
    await until("some rounds have run", () => hive.requests.length >= 5);

    const other = createClient({ url: `file:${file}` });
    await other.execute("ALTER TABLE hives RENAME TO gone");
    await until("a failed round is logged", () =>
      queen.logLines.some(({ msg }) => msg.startsWith("health round failed")),
    );
    await other.execute("ALTER TABLE gone RENAME TO hives");
    other.close();

    const before = hive.requests.length;
    await until("rounds run again", () => hive.requests.length >= before + 3);
    expect(most).toBe(1);
  });

  test("stops in the middle of a probe, and marks nobody because of that", async () => {
    const queen = await startTestQueen();
    const hive = await startHive({ "/health": () => undefined });
    await addHive(queen, hive.port, { status: "online" });
    queen.healthLoop.start();
    await until("the hive is asked", () => hive.requests.length > 0);
    await queen.stop();
    expect(await statusOf(queen)).toBe("online");
    expect(queen.changes()).toEqual([]);
    await queen.catalog.close();
  });
});
