import type { ServerResponse } from "node:http";
import type { DeviceCapabilities } from "@repo/device-types";
import { expect, test } from "vitest";
import { answer, type HiveServer, startHive } from "../../test/hive-server.ts";
import { published } from "../../test/published.ts";
import { addHive, beat, HIVE_JSON, startTestQueen, type TestQueen } from "../../test/test-queen.ts";
import { until } from "../../test/until.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const PATH = `/v1/hives/${HIVE_JSON.id}`;
const CPU = { cores: 8, ram_gb: 32 };
const A100 = (index: number) => ({ index, name: "NVIDIA A100", vram_gb: 80, uuid: `GPU-${index}` });
const A100S = [0, 1, 2, 3].map(A100);
const UNREAD = { cpu: CPU, gpus: null, problems: ["nvidia-smi exited with 18: driver mismatch"] };

/** A hive that answers with these devices, as this start of its agent. */
function answering(hive: HiveServer, report: object, startedAt?: string): void {
  hive.routes["/health"] = answer(200, JSON.stringify({ id: HIVE_JSON.id, started_at: startedAt }));
  hive.routes["/v1/devices"] = answer(200, JSON.stringify(report));
}

async function hiveIn(queen: TestQueen, report: object, fields: object = {}): Promise<HiveServer> {
  const hive = await startHive({});
  answering(hive, report);
  await addHive(queen, hive.port, { ...fields });
  return hive;
}

const asked = (hive: HiveServer): number => hive.countOf("GET /v1/devices");
const devicesIn = async ({ catalog }: TestQueen) => (await catalog.getHive(HIVE_JSON.id))?.devices;

/** What was told of changes of the hive. */
const told = (queen: TestQueen): unknown[] => published(queen, "hive_changed").map(([, { changed }]) => changed);

test("GPUs that a hive could not read stay as they are known, and its CPU is stored", async () => {
  await using queen = await startTestQueen();
  const hive = await hiveIn(queen, { cpu: CPU, gpus: A100S });
  await queen.watch.runRound();
  answering(hive, { ...UNREAD, cpu: { cores: 16, ram_gb: 32 } });
  const { status, body } = await queen.request("POST", `${PATH}/devices`);
  const known = { cpu: { cores: 16, ram_gb: 32 }, gpus: A100S };
  expect({ status, body }).toEqual({ status: 200, body: { ...known, problems: UNREAD.problems } });
  expect(await queen.request("GET", PATH)).toMatchObject({ body: { devices: known } });
  expect(told(queen)).toEqual([
    "8 cores and 32 GB of RAM, 4 × NVIDIA A100",
    "16 cores and 32 GB of RAM instead of 8 cores and 32 GB of RAM; could not be read: nvidia-smi exited with 18: driver mismatch",
  ]);
});

test("devices that are asked for while the queen stops are no fault of the hive", async () => {
  const hive = await startHive({ "/v1/devices": () => undefined });
  const queen = await startTestQueen();
  await addHive(queen, hive.port);
  await beat(queen);
  await until("it is asked", () => asked(hive) === 1);
  await queen[Symbol.asyncDispose]();
  expect(queen.logLines.filter(({ level }) => Number(level) > 30)).toEqual([]);
});

test("of a hive that is removed while it is asked for its devices nothing is told, and nothing kept", async () => {
  await using queen = await startTestQueen();
  const asking: ServerResponse[] = [];
  const hive = await startHive({
    "/health": answer(200, "{}"),
    "/v1/devices": (_, response) => void asking.push(response),
  });
  await addHive(queen, hive.port);
  const trying = queen.fleet.devices.tryDetecting({ ...HIVE_JSON, port: hive.port });
  await until("it is asked", () => asking.length === 1);
  await queen.request("DELETE", PATH);
  asking[0]?.end(JSON.stringify({ cpu: CPU, gpus: [] }));
  await trying;
  expect(queen.logLines.filter(({ level }) => Number(level) > 30)).toEqual([]);
});

test("GPUs that could never be read are stored as unknown, and asked for again until they can be", async () => {
  await using queen = await startTestQueen();
  const hive = await hiveIn(queen, UNREAD);
  await queen.watch.runRound();
  expect(await devicesIn(queen)).toEqual({ cpu: { cores: 8, ramGb: 32 }, gpus: null });
  expect((await queen.catalog.findHivesWithoutDevices()).map(({ id }) => id)).toEqual([HIVE_JSON.id]);
  const after: number[] = [];
  for (let minutes = 1; minutes <= 190; minutes++) {
    const before = asked(hive);
    queen.clock.advance(MINUTE_MS);
    await queen.watch.runRound();
    if (asked(hive) > before) after.push(minutes);
  }
  expect(after).toEqual([1, 3, 7, 15, 31, 63, 123, 183]);
  answering(hive, { cpu: CPU, gpus: A100S });
  queen.clock.advance(60 * MINUTE_MS);
  await queen.watch.runRound();
  expect((await devicesIn(queen))?.gpus).toHaveLength(4);
  expect(told(queen)).toEqual([
    "8 cores and 32 GB of RAM, unknown GPUs; could not be read: nvidia-smi exited with 18: driver mismatch",
    "4 × NVIDIA A100 instead of unknown GPUs",
  ]);
});

test("a queen that starts asks for GPUs that could not be read at once", async () => {
  await using queen = await startTestQueen();
  const hive = await hiveIn(queen, { cpu: CPU, gpus: A100S }, { devices: { cpu: CPU, gpus: null } });
  await queen.watch.runRound();
  expect((await devicesIn(queen))?.gpus).toHaveLength(4);
  expect(asked(hive)).toBe(1);
});

test("of GPUs of which one is lost the others are stored, and what is lost is told once", async () => {
  await using queen = await startTestQueen();
  const hive = await hiveIn(queen, { cpu: CPU, gpus: A100S });
  await queen.watch.runRound();
  const [, ...others] = A100S;
  answering(hive, { cpu: CPU, gpus: others, problems: ["GPU 0000:01:00.0 is lost"] });
  for (let times = 0; times < 2; times++) await queen.request("POST", `${PATH}/devices`);
  expect((await devicesIn(queen))?.gpus?.map(({ index }) => index)).toEqual([1, 2, 3]);
  expect(told(queen).slice(1)).toEqual([
    "3 × NVIDIA A100 instead of 4 × NVIDIA A100; could not be read: GPU 0000:01:00.0 is lost",
  ]);
  const warnings = queen.logLines.filter(({ msg }) => msg === "this hive could not read all of its devices");
  expect(warnings).toMatchObject([{ level: 40, hive_id: HIVE_JSON.id, problems: ["GPU 0000:01:00.0 is lost"] }]);
});

test("devices that are as they were are neither written nor told", async () => {
  await using queen = await startTestQueen();
  const hive = await hiveIn(queen, { cpu: CPU, gpus: A100S });
  await queen.watch.runRound();
  const before = await queen.catalog.getHive(HIVE_JSON.id);
  queen.clock.advance(DAY_MS);
  await queen.request("POST", `${PATH}/devices`);
  expect(asked(hive)).toBe(2);
  expect(await queen.catalog.getHive(HIVE_JSON.id)).toEqual(before);
  expect(told(queen)).toHaveLength(1);
});

test("a hive is asked anew at each start of its agent: at once, or within ten minutes of the first that the queen sees", async () => {
  await using queen = await startTestQueen();
  const hive = await hiveIn(queen, {}, { devices: { cpu: CPU, gpus: A100S } });
  answering(hive, { cpu: CPU, gpus: A100S }, "one");
  await queen.watch.runRound();
  queen.clock.advance(10 * MINUTE_MS);
  for (const [start, gpus, times] of [
    ["one", A100S, 1],
    ["one", [A100(0)], 1],
    ["two", [A100(0)], 2],
    ["two", [A100(0)], 2],
  ] as const) {
    answering(hive, { cpu: CPU, gpus }, start);
    await queen.watch.runRound();
    expect(asked(hive)).toBe(times);
  }
  expect(told(queen)).toEqual(["1 × NVIDIA A100 instead of 4 × NVIDIA A100"]);
});

test("an agent that does not tell its start is asked within a day, and daily from then on", async () => {
  await using queen = await startTestQueen();
  const hive = await hiveIn(queen, { cpu: CPU, gpus: A100S }, { devices: { cpu: CPU, gpus: A100S } });
  await queen.watch.runRound();
  expect(asked(hive)).toBe(0);
  queen.clock.advance(DAY_MS);
  await queen.watch.runRound();
  expect(asked(hive)).toBe(1);
  queen.clock.advance(DAY_MS - 1);
  await beat(queen);
  await queen.watch.runRound();
  expect(asked(hive)).toBe(1);
  queen.clock.advance(1);
  await beat(queen);
  await until("its beat has it asked", () => asked(hive) === 2);
});

test("a hive that does not tell its devices at a start of its agent is asked again after a minute", async () => {
  await using queen = await startTestQueen();
  const hive = await hiveIn(queen, {}, { devices: { cpu: CPU, gpus: [] } });
  answering(hive, { cpu: CPU, gpus: A100S }, "one");
  const { "/v1/devices": answered } = hive.routes;
  hive.routes["/v1/devices"] = answer(503, "not yet");
  await queen.watch.runRound();
  queen.clock.advance(10 * MINUTE_MS);
  await queen.watch.runRound();
  expect((await devicesIn(queen))?.gpus).toEqual([]);
  if (answered) hive.routes["/v1/devices"] = answered;
  await queen.watch.runRound();
  expect((await devicesIn(queen))?.gpus).toEqual([]);
  queen.clock.advance(MINUTE_MS);
  await queen.watch.runRound();
  expect((await devicesIn(queen))?.gpus).toHaveLength(4);
});

test("what an operator wrote holds until the agent starts again, or a day", async () => {
  await using queen = await startTestQueen();
  const hive = await hiveIn(queen, { cpu: CPU, gpus: A100S });
  answering(hive, { cpu: CPU, gpus: A100S }, "one");
  await queen.watch.runRound();
  await queen.request("PUT", `${PATH}/devices`, { cpu: CPU, gpus: [A100(0)] });
  await queen.watch.runRound();
  expect((await devicesIn(queen))?.gpus).toHaveLength(1);
  queen.clock.advance(DAY_MS);
  await queen.watch.runRound();
  expect((await devicesIn(queen))?.gpus).toHaveLength(4);
});

test("what drives a GPU, without which the ancestor system reads no devices, outlives an agent that does not say it", async () => {
  await using queen = await startTestQueen();
  const [gpu] = A100S;
  const hive = await hiveIn(
    queen,
    { cpu: CPU, gpus: A100S },
    { devices: { cpu: CPU, gpus: [{ ...gpu, backend: "cuda" }] } },
  );
  await queen.request("POST", `${PATH}/devices`);
  const backendsOf = (devices: DeviceCapabilities | null | undefined) => devices?.gpus?.map(({ backend }) => backend);
  expect(backendsOf(await devicesIn(queen))).toEqual(["cuda", "cuda", "cuda", "cuda"]);
  await queen.request("POST", `${PATH}/devices`);
  expect(asked(hive)).toBe(2);
  expect(told(queen)).toEqual(["4 × NVIDIA A100 instead of 1 × NVIDIA A100"]);
});
