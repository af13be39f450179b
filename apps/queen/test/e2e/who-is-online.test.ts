import os from "node:os";
import { beforeAll, expect, test, vi } from "vitest";
import { until } from "../until.ts";
import { changesOf, Fleet, STALE_AFTER_MS } from "./fleet.ts";

beforeAll(() => vi.setConfig({ testTimeout: 60_000 }));

const CPU = { cores: os.availableParallelism(), ram_gb: Math.round(os.totalmem() / 1024 ** 3) };
const H100 = { name: "NVIDIA H100 80GB HBM3", vram_gb: 80, vendor: "nvidia", backend: "cuda" };
const EIGHT_GPUS = Array.from({ length: 8 }, (_, index) => ({ index, ...H100 }));

test("two real hives that are added come online, with their devices in the catalog and their beats in both memories", async () => {
  await using fleet = await Fleet.create();
  const queen = await fleet.startQueen();
  const none = await fleet.startHive("no-gpu");
  const eight = await fleet.startHive("eight-gpus", { gpus: 8 });
  await fleet.add("no-gpu", await none.port());
  await fleet.add("eight-gpus", await eight.port());

  for (const [id, gpus] of [
    ["no-gpu", []],
    ["eight-gpus", EIGHT_GPUS],
  ] as const) {
    const devices = await until(`the devices of ${id} are known`, async () => {
      const { body } = await fleet.request("GET", `/v1/hives/${id}`);
      return body.status === "online" && (body.devices ?? undefined);
    });
    expect(devices).toEqual({ cpu: CPU, gpus });
    expect(JSON.parse((await fleet.row(id)).devices_json ?? "")).toEqual({ cpu: CPU, gpus });

    const first = await until(
      `a beat of ${id} is stored`,
      async () => (await fleet.row(id)).last_heartbeat_ms ?? false,
    );
    await until(`a later beat of ${id} is stored`, async () => ((await fleet.row(id)).last_heartbeat_ms ?? 0) > first);
    const state = await until(`the registry has a beat of ${id}`, async () => {
      const seen = await fleet.stateOf(id);
      return seen.live === true && seen;
    });
    expect(state).toMatchObject({
      hive_id: id,
      status: "online",
      contactable: true,
      workers: [],
      skew_ms: expect.any(Number),
    });
    expect(state.gpus).toMatchObject(gpus.map(({ index, name }) => ({ index, name, total_bytes: 80 * 1024 ** 3 })));
  }
  const changes = await until("the changes are logged", () => changesOf(queen).length === 2 && changesOf(queen));
  expect(changes.sort()).toEqual(["eight-gpus: unknown → online", "no-gpu: unknown → online"]);
});

test("a hive that is killed goes offline, and online when it is started again; the other one is left alone", async () => {
  await using fleet = await Fleet.create();
  const queen = await fleet.startQueen();
  const victim = await fleet.startHive("victim");
  const port = await victim.port();
  const other = await fleet.startHive("other");
  await fleet.add("victim", port);
  await fleet.add("other", await other.port());
  await fleet.untilStatus("victim", "online");
  await fleet.untilStatus("other", "online");
  await until("both beat", async () =>
    (await fleet.rows()).every(({ last_heartbeat_ms }) => last_heartbeat_ms !== null),
  );

  await victim.kill("SIGKILL");
  await fleet.untilStatus("victim", "offline");
  const line = await until("the change is logged", () => queen.logLines.find(({ status }) => status === "offline"));
  const why = String(line.why);
  const [, silentSeconds] = /^no heartbeat came for ([\d.]+) s and its last health checks failed$/.exec(why) ?? [];
  expect(Number(silentSeconds) * 1000, why).toBeGreaterThanOrEqual(STALE_AFTER_MS);
  expect((await fleet.stateOf("victim")).live).toBe(false);
  expect((await fleet.request("GET", "/v1/counts")).body).toEqual({ total: 2, unknown: 0, online: 1, offline: 1 });

  await fleet.startHive("victim", { port });
  await fleet.untilStatus("victim", "online");
  await until("its beats arrive", async () => (await fleet.stateOf("victim")).live === true);
  const changes = await until("the changes are logged", () => changesOf(queen).length >= 4 && changesOf(queen));
  expect(changes.filter((change) => change.startsWith("other"))).toEqual(["other: unknown → online"]);
  expect(changes.filter((change) => change.startsWith("victim"))).toEqual([
    "victim: unknown → online",
    "victim: online → offline",
    "victim: offline → online",
  ]);
});
