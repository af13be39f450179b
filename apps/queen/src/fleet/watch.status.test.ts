import { createClient } from "@libsql/client";
import { HiveCatalog } from "@repo/hive-catalog";
import { aHive, temporaryFolder } from "@repo/hive-catalog/testing";
import { describe, expect, test } from "vitest";
import { answer, deadPort, HEALTHY, startHive } from "../../test/hive-server.ts";
import { startServerCatalog } from "../../test/server-catalog.ts";
import { addHive, beat, LIVENESS_SETTINGS, pass, startTestQueen, statusOf } from "../../test/test-queen.ts";
import { until } from "../../test/until.ts";

const STALE_AFTER_MS = 60_000;

describe("who is online", () => {
  test("a hive that answers its health check goes online, and its devices are detected", async () => {
    await using queen = await startTestQueen();
    const hive = await startHive();
    await addHive(queen, hive.port);
    await queen.watch.runRound();
    expect(await queen.catalog.getHive("hive-a")).toMatchObject({
      status: "online",
      lastHeartbeatMs: null,
      devices: { cpu: { cores: 8 } },
    });
    await queen.watch.runRound();
    expect(hive.countOf("GET /v1/devices")).toBe(1);
    expect(queen.changes()).toEqual(["hive-a: unknown → online"]);
  });

  test("a hive that was never seen stays unknown while nobody answers", async () => {
    await using queen = await startTestQueen();
    await addHive(queen, await deadPort());
    await queen.watch.runRound();
    await queen.watch.sweep();
    expect(await statusOf(queen)).toBe("unknown");
    expect(queen.changes()).toEqual([]);
  });

  test("a hive at whose address another one answers does not go online, gets no devices, and the log says why once", async () => {
    await using queen = await startTestQueen();
    const other = await startHive({ ...HEALTHY, "/health": answer(200, '{"status":"ok","id":"gpu-01"}') });
    await addHive(queen, other.port, { id: "gpu-01" });
    await addHive(queen, other.port, { id: "gpu-02" });
    await queen.watch.runRound();
    expect(await queen.catalog.getHive("gpu-01")).toMatchObject({ status: "online", devices: { cpu: { cores: 8 } } });
    expect(await queen.catalog.getHive("gpu-02")).toMatchObject({ status: "unknown", devices: null });
    await queen.watch.runRound();
    const warnings = queen.logLines.filter(({ level, msg }) => level === 40 && msg === "health check failed");
    expect(warnings).toMatchObject([
      {
        hive_id: "gpu-02",
        err: { code: "WRONG_HIVE", message: `127.0.0.1:${other.port} is hive 'gpu-01', not 'gpu-02'` },
      },
    ]);
  });

  test("a hive that is back is checked at its first beat, and one that beats steadily waits for its turn", async () => {
    await using queen = await startTestQueen();
    const hive = await startHive({});
    await addHive(queen, hive.port);
    await queen.watch.runRound();
    expect(queen.fleet.sight("hive-a")?.unreachableSinceMs).toBeDefined();
    hive.routes = HEALTHY;
    await beat(queen);
    await until("it was checked", () => queen.fleet.sight("hive-a")?.unreachableSinceMs === undefined);
    hive.routes = {};
    await queen.watch.runRound();
    const asked = hive.countOf("GET /health");
    queen.clock.advance(LIVENESS_SETTINGS.staleAfterMs / 4);
    await beat(queen);
    await beat(queen);
    expect(queen.fleet.sight("hive-a")?.unreachableSinceMs).toBeDefined();
    expect(hive.countOf("GET /health")).toBe(asked);
  });

  test("a hive that beats but does not answer stays online without a flicker", async () => {
    await using queen = await startTestQueen();
    await addHive(queen, await deadPort());
    for (let round = 0; round < 4; round += 1) {
      await beat(queen);
      await pass(queen, STALE_AFTER_MS - 1);
    }
    expect(queen.changes()).toEqual(["hive-a: unknown → online"]);
    expect(queen.fleet.sight("hive-a")?.unreachableSinceMs).toBe(1000 + 30_000);
  });

  test("a hive that answers but does not beat stays online without a flicker", async () => {
    await using queen = await startTestQueen();
    const hive = await startHive();
    await addHive(queen, hive.port);
    await beat(queen);
    await pass(queen, 4 * STALE_AFTER_MS);
    expect(queen.changes()).toEqual(["hive-a: unknown → online"]);
  });

  test("a hive goes offline once its beat is stale and two health checks failed, and comes back with a beat", async () => {
    await using queen = await startTestQueen();
    await addHive(queen, await deadPort());
    await beat(queen);
    await queen.watch.runRound();
    await pass(queen, STALE_AFTER_MS - 1);
    expect(await statusOf(queen)).toBe("online");
    await pass(queen, 1);
    expect(await statusOf(queen)).toBe("offline");
    await beat(queen);
    expect(await statusOf(queen)).toBe("online");
    expect(queen.changes()).toEqual([
      "hive-a: unknown → online",
      "hive-a: online → offline",
      "hive-a: offline → online",
    ]);
    const [why] = queen.logLines.filter(({ status }) => status === "offline").map((line) => line.why);
    expect(why).toBe("no heartbeat came for 60.0 s and its last health checks failed");
  });

  test("a hive that never beat goes offline when it stops answering, and online when it answers again", async () => {
    await using queen = await startTestQueen();
    const hive = await startHive();
    await addHive(queen, hive.port);
    await queen.watch.runRound();
    await pass(queen, STALE_AFTER_MS);
    hive.routes = { "/health": answer(500, "") };
    await pass(queen, 60_000);
    expect(await statusOf(queen)).toBe("online");
    await pass(queen, 30_000);
    expect(await statusOf(queen)).toBe("offline");
    hive.routes = HEALTHY;
    await queen.watch.runRound();
    expect(queen.changes()).toEqual([
      "hive-a: unknown → online",
      "hive-a: online → offline",
      "hive-a: offline → online",
    ]);
  });

  test("a hive outside the allowed hosts is judged by its beats alone, and never contacted", async () => {
    await using queen = await startTestQueen();
    await addHive(queen, 8600, { host: "10.0.1.100" });
    await queen.watch.runRound();
    expect(await statusOf(queen)).toBe("unknown");
    await beat(queen);
    expect(await statusOf(queen)).toBe("online");
    await pass(queen, STALE_AFTER_MS);
    expect(await statusOf(queen)).toBe("offline");
  });

  test("a queen that starts anew marks nobody offline before it has asked and listened for a stale age", async () => {
    await using queen = await startTestQueen();
    const hive = await startHive();
    const longAgo = queen.clock.now() - 10 * STALE_AFTER_MS;
    await queen.catalog.addHive(
      aHive({ id: "alive", host: hive.host, port: hive.port, status: "online", lastHeartbeatMs: longAgo }),
    );
    await queen.catalog.addHive(
      aHive({ id: "dead", host: hive.host, port: await deadPort(), status: "online", lastHeartbeatMs: longAgo }),
    );
    await queen.watch.sweep();
    expect(queen.changes()).toEqual([]);
    await queen.watch.runRound();
    expect(queen.changes()).toEqual([]);
    await pass(queen, STALE_AFTER_MS - 1);
    expect(queen.changes()).toEqual([]);
    await pass(queen, 1);
    expect(queen.changes()).toEqual(["dead: online → offline"]);
  });

  test("what answers on the port of a hive that is gone, and does not say the id that the hive said, is not the hive", async () => {
    await using queen = await startTestQueen();
    const saying = answer(200, '{"status":"ok","id":"hive-a"}');
    const hive = await startHive({ ...HEALTHY, "/health": saying });
    await addHive(queen, hive.port);
    await pass(queen, 60_000);
    expect(await statusOf(queen)).toBe("online");
    hive.routes["/health"] = answer(200, "<!doctype html><title>Welcome to nginx!</title>");
    await pass(queen, 180_000);
    expect(await statusOf(queen)).toBe("offline");
    const { body } = await queen.request("GET", "/v1/hives/hive-a/liveness");
    expect(body).toHaveProperty("probes.3.problem", expect.stringContaining("does not say that it is hive 'hive-a'"));
    hive.routes["/health"] = saying;
    await pass(queen, 30_000);
    expect(await statusOf(queen)).toBe("online");
    // At another address it may be of another kind.
    const silent = await startHive({ ...HEALTHY, "/health": answer(200, "ok") });
    await queen.request("PATCH", "/v1/hives/hive-a", { port: silent.port });
    await pass(queen, 180_000);
    expect(await statusOf(queen)).toBe("online");
  });
});

describe("beside other writers", () => {
  test("a beat that another queen took keeps a hive online, and wins against a mark that is under way", async () => {
    await using queen = await startTestQueen();
    await addHive(queen, await deadPort());
    await beat(queen);
    await pass(queen, STALE_AFTER_MS - 1);
    queen.clock.advance(1);
    await queen.catalog.updateHeartbeat("hive-a", queen.clock.now());
    await queen.watch.sweep();
    expect(await statusOf(queen)).toBe("online");
    await queen.watch.runRound();
    // Such beats are found up to a round late.
    await pass(queen, STALE_AFTER_MS + LIVENESS_SETTINGS.healthIntervalMs - 1);
    expect(await statusOf(queen)).toBe("online");
    await pass(queen, 1);
    expect(await statusOf(queen)).toBe("offline");
  });

  test("a status that another program wrote is taken over, said, and corrected where it is wrong", async () => {
    await using queen = await startTestQueen();
    const hive = await startHive();
    await addHive(queen, hive.port);
    await beat(queen);
    queen.clock.advance(1);
    await queen.catalog.updateHiveStatus("hive-a", "offline");
    await queen.watch.runRound();
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
    await queen.watch.runRound();
    expect([...queen.fleet.registry.workers()].flat()).toEqual([]);
    expect(queen.fleet.sight("hive-a")).toBeUndefined();
  });

  test("a hive that is removed while it is probed ends no round", async () => {
    await using queen = await startTestQueen();
    const hive = await startHive({
      "/health": (_request, response) => void queen.catalog.removeHive("hive-a").then(() => response.end()),
    });
    await addHive(queen, hive.port);
    await addHive(queen, (await startHive()).port, { id: "hive-b" });
    await queen.watch.runRound();
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
    await queen.watch.runRound();
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
    await queen.watch.runRound();
    expect((await beat(queen, "broken")).status).toBe(200);
    await queen.watch.sweep();
    const { rows } = await other.execute("SELECT id, status FROM hives ORDER BY id");
    other.close();
    expect(rows.map(({ id, status }) => [id, status])).toEqual([
      ["broken", "unknown"],
      ["sound", "online"],
    ]);
    expect([...queen.fleet.registry.workers()].flat()).toMatchObject([{ hiveId: "broken" }]);
  });
});

test("a status of which it is not known whether it was stored is read before anything is written again", async () => {
  const { catalog, connection } = await startServerCatalog();
  await using queen = await startTestQueen({ catalog });
  await addHive(queen, await deadPort(), { devices: { cpu: null, gpus: [] } });
  await queen.watch.runRound();
  const isStatus = (statements: string) => statements.includes('set "status"');
  connection.cut = (statements) => (isStatus(statements) ? "after" : undefined);
  expect(await beat(queen)).toMatchObject({
    status: 503,
    headers: expect.not.objectContaining({ "retry-after": expect.anything() }),
    body: { code: "CATALOG_OUTCOME_UNKNOWN" },
  });
  expect(await beat(queen)).toMatchObject({ status: 200 });
  expect(connection.statements.filter(isStatus)).toHaveLength(1);
  expect(await statusOf(queen)).toBe("online");
});
