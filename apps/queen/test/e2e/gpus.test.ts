import { readFileSync } from "node:fs";
import os from "node:os";
import { beforeAll, expect, test, vi } from "vitest";
import { FollowedEvents } from "../followed-events.ts";
import { answer, HEALTHY, startHive } from "../hive-server.ts";
import { until } from "../until.ts";
import { Fleet } from "./fleet.ts";

beforeAll(() => vi.setConfig({ testTimeout: 60_000 }));

const H100 = "NVIDIA H100 80GB HBM3";
const MISMATCH = "Failed to initialize NVML: Driver/library version mismatch";
const GB10 = { index: 0, name: "NVIDIA GB10", vram_gb: null, vendor: "nvidia", backend: "cuda", unified: true };
const CPU = { cores: os.availableParallelism(), ram_gb: expect.any(Number) };

test("a real hive that is started again tells its GPUs anew: others are stored, ones that cannot be read stay as they are known", async () => {
  await using fleet = await Fleet.create();
  await fleet.startQueen();
  await using followed = await FollowedEvents.start(fleet.origin);
  const devices = async () => JSON.parse((await fleet.row("a")).devices_json ?? "{}");
  // Whether its port answers is told, too.
  const ofDevices = (changed: unknown) => /nvidia/i.test(String(changed));
  const told = () => followed.of("hive_changed").flatMap(({ changed }) => (ofDevices(changed) ? [changed] : []));
  const untilTold = (times: number) => until(`${times} changes are told`, () => told().length === times);

  const eight = await fleet.startHive("a", { gpus: 8 });
  const port = await eight.port();
  await fleet.add("a", port);
  await untilTold(1);
  expect((await devices()).gpus).toHaveLength(8);
  await eight.kill("SIGTERM");

  const seven = await fleet.startHive("a", { gpus: 7, port });
  await untilTold(2);
  expect((await devices()).gpus).toHaveLength(7);
  await seven.kill("SIGTERM");

  const unread = await fleet.startHive("a", { nvidiaSmi: `echo "${MISMATCH}"; exit 18`, port });
  await untilTold(3);
  expect((await devices()).gpus).toHaveLength(7);
  expect((await devices()).cpu).toEqual(CPU);
  await unread.kill("SIGTERM");

  await fleet.startHive("a", { nvidiaSmi: 'echo "0, NVIDIA GB10, [N/A]"', port });
  await untilTold(4);
  expect((await devices()).gpus).toEqual([GB10]);
  expect(told()).toEqual([
    expect.stringContaining(`8 × ${H100}`),
    `7 × ${H100} instead of 8 × ${H100}`,
    `could not be read: nvidia-smi exited with 18: ${MISMATCH}`,
    `1 × NVIDIA GB10 instead of 7 × ${H100}`,
  ]);
});

test("GPUs that could never be read are null in the catalog, beside the CPU", async () => {
  await using fleet = await Fleet.create();
  await fleet.startQueen();
  const hive = await fleet.startHive("a", { nvidiaSmi: `echo "${MISMATCH}"; exit 18` });
  await fleet.add("a", await hive.port());
  const stored = await until("its devices are stored", async () => (await fleet.row("a")).devices_json ?? undefined);
  expect(JSON.parse(stored)).toEqual({ cpu: CPU, gpus: null });
});

/** What the agent answers of a real host, as its own test with the same file proves. */
interface Recorded {
  file: string;
  gpus: Record<string, unknown>[] | null;
  problems?: string[];
}

test("of what the agent answers of every recorded host the catalog has what is right, and GPUs that could not be read are not none", async () => {
  const cases: Recorded[] = JSON.parse(
    readFileSync(new URL("../../../hive/test/gpus/cases.json", import.meta.url), "utf8"),
  );
  const cpu = { cores: 8, ram_gb: 32 };
  await using fleet = await Fleet.create();
  await fleet.startQueen();
  for (const { file, gpus, problems = [] } of cases) {
    const devices = answer(200, JSON.stringify({ cpu, gpus, problems }));
    const { port } = await startHive({ ...HEALTHY, "/v1/devices": devices });
    await fleet.add(file, port);
  }
  const rows = await until("all devices are stored", async () => {
    const rows = await fleet.rows();
    return rows.every((row) => row.devices_json !== null) && rows;
  });
  const stored = rows.map((row) => [row.id, JSON.parse(row.devices_json ?? "")]);
  const right = cases.map(({ file, gpus }) => [file, { cpu, gpus }]);
  expect(Object.fromEntries(stored)).toEqual(Object.fromEntries(right));
});
