import { createClient } from "@libsql/client";
import { HiveCatalog } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, test } from "vitest";
import { deadPort, startHive } from "../../test/hive-server.ts";
import { addHive, beat, LIVENESS_SETTINGS, pass, startTestQueen, statusOf } from "../../test/test-queen.ts";
import { countTurns } from "../../test/turns.ts";
import { until } from "../../test/until.ts";

test("probes every hive of several pages", async () => {
  await using queen = await startTestQueen();
  const hive = await startHive();
  const address = { host: hive.host, port: hive.port, devices: { cpu: null, gpus: [] } };
  const ids = Array.from({ length: 250 }, (_, index) => `hive-${index}`);
  await Promise.all(ids.map((id) => queen.catalog.addHive({ id, ...address })));
  await queen.watch.runRound();
  expect(await queen.catalog.countByStatus("online")).toBe(250);
  expect(hive.countOf("GET /health")).toBe(250);
});

test("checks out of turn go on, however many there were before", async () => {
  await using queen = await startTestQueen();
  const hive = await startHive();
  await queen.catalog.addHive({ id: "a", host: hive.host, port: hive.port });
  for (let n = 0; n < 20; n++) await queen.fleet.check({ id: "a", host: hive.host, port: hive.port });
  expect(hive.countOf("GET /health")).toBe(20);
});

test("a round notices that another program took all labels of a hive away", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", {
    id: "a",
    host: "127.0.0.1",
    port: await deadPort(),
    labels: { env: "x" },
  });
  await queen.catalog.labels.patch("a", { env: null });
  await queen.watch.runRound();
  expect(queen.fleet.traits.mayHave("a", "env", "x")).toBe(false);
});

test("lets other work run between the pages of hives that it may not contact, and within a sweep", async () => {
  await using queen = await startTestQueen({ massFailureShare: 1 });
  const { clock, fleet, watch } = queen;
  const ids = Array.from({ length: 1000 }, (_, index) => `hive-${index}`);
  await Promise.all(ids.map((id) => queen.catalog.addHive({ id, host: "10.0.0.1", port: 1, status: "online" })));
  const loseAll = async () => {
    for (let sweeps = 0; sweeps < 8; sweeps += 1) {
      clock.advance(fleet.sweepIntervalMs);
      await watch.sweep();
    }
    await watch.runRound();
    await queen.watch.sweep();
    expect(queen.changes()).toHaveLength(1000);
  };
  for (const work of [() => queen.watch.runRound(), loseAll]) {
    const { turns } = await countTurns(work);
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
  queen.watch.start();
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

test("marks nobody any more once the queen stops", async () => {
  const queen = await startTestQueen();
  await addHive(queen, await deadPort());
  await beat(queen);
  const { sweepIntervalMs } = queen.fleet;
  await pass(queen, LIVENESS_SETTINGS.staleAfterMs - sweepIntervalMs);
  queen.clock.advance(2 * sweepIntervalMs);
  await queen.watch.runRound();
  await queen.stop();
  await queen.watch.sweep();
  expect(await statusOf(queen)).toBe("online");
  await queen.catalog.close();
});

test("stops in the middle of a probe, and marks nobody because of that", async () => {
  const queen = await startTestQueen();
  const hive = await startHive({ "/health": () => undefined });
  await addHive(queen, hive.port, { status: "online" });
  queen.watch.start();
  await until("the hive is asked", () => hive.requests.length > 0);
  await queen.stop();
  expect(await statusOf(queen)).toBe("online");
  expect(queen.changes()).toEqual([]);
  await queen.catalog.close();
});

test("a status that cannot be written keeps no other hive from being probed", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/hives.db`;
  await using queen = await startTestQueen({ catalog: await HiveCatalog.open(file) });
  const hive = await startHive({ "/health": (_request, response) => void response.end() });
  const ids = Array.from({ length: 120 }, (_, index) => `hive-${String(index).padStart(3, "0")}`);
  const address = { host: hive.host, port: hive.port, devices: { cpu: null, gpus: [] } };
  await Promise.all(ids.map((id) => queen.catalog.addHive({ id, ...address })));
  const other = createClient({ url: `file:${file}` });
  await other.execute(
    "CREATE TRIGGER refuse BEFORE UPDATE ON hives WHEN new.id = 'hive-005' BEGIN SELECT RAISE(ABORT, 'no'); END",
  );
  other.close();
  await expect(queen.watch.runRound()).rejects.toThrow(
    "a rule that another program put on the tables refuses this change",
  );
  expect(hive.countOf("GET /health")).toBe(120);
  expect(await queen.catalog.countByStatus("online")).toBe(119);
});

test("a mark whose answer comes after a beat is not told as the last word", async () => {
  await using queen = await startTestQueen();
  const { catalog } = queen;
  await addHive(queen, await deadPort());
  await beat(queen);
  const markOffline = catalog.markOffline.bind(catalog);
  catalog.markOffline = async (...mark) => {
    const isMarked = await markOffline(...mark);
    await beat(queen);
    return isMarked;
  };
  await pass(queen, 60_000);
  expect(await statusOf(queen)).toBe("online");
  expect(queen.changes()).toEqual(["hive-a: unknown → online", "hive-a: offline → online"]);
});

test("a mark is told when a round has read it before its answer comes", async () => {
  await using queen = await startTestQueen();
  const { catalog, clock, fleet } = queen;
  await addHive(queen, await deadPort());
  await beat(queen);
  const markOffline = catalog.markOffline.bind(catalog);
  catalog.markOffline = async (...mark) => {
    const isMarked = await markOffline(...mark);
    for (const record of await catalog.listHives()) fleet.learned(record, clock.monotonicNow());
    return isMarked;
  };
  await pass(queen, 60_000);
  expect(queen.changes()).toEqual(["hive-a: unknown → online", "hive-a: online → offline"]);
});
