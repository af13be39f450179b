import { spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { HiveCatalog } from "@repo/hive-catalog";
import { openTestCatalog, temporaryFolder } from "@repo/hive-catalog/testing";
import { QueenClient } from "@repo/queen-client";
import { expect, test } from "vitest";
import { Random } from "../sim/random.ts";
import { CHANGES_NO_ROW, EVENT_TYPES } from "../src/telling/event-data.ts";
import { FakeClock } from "./fake-clock.ts";
import { draw, type Fleet, FleetFollower } from "./fleet-follower.ts";
import { deadPort, startHive } from "./hive-server.ts";
import { beatJson, startTestQueen, type TestQueen, workerJson } from "./test-queen.ts";
import { until } from "./until.ts";

const RUN = fileURLToPath(new URL("../../../scripts/run.js", import.meta.url));
const OTHER_PROGRAM = fileURLToPath(new URL("other-program.ts", import.meta.url));
/** Twice as many in all. */
const CHANGES = 4750;
const OF_OTHER_PROGRAM = 250;
const AT_ONCE = 50;
const HIVES = 40;
const GB = 2 ** 30;

async function listen(queen: TestQueen, port = 0): Promise<string> {
  await queen.app.listen({ host: "127.0.0.1", port });
  return `http://127.0.0.1:${(queen.app.server.address() as AddressInfo).port}`;
}

/** By id; without what grows by itself. */
function withoutAges(fleet: Fleet) {
  const text = JSON.stringify([...fleet].sort(([one], [other]) => (one < other ? -1 : 1)));
  return JSON.parse(text.replace(/for [\d.]+ s and/g, "for … s and"), (key, value: unknown) =>
    key === "beat_age_ms" || key === "last_heartbeat_ms" ? undefined : value,
  );
}

/** One change by a caller of the queen, or a beat. */
function change(queen: TestQueen, random: Random, ports: readonly number[]): Promise<unknown> {
  const id = `hive-${random.integer(HIVES)}`;
  const path = `/v1/hives/${id}`;
  const n = random.integer(1_000_000);
  const port = ports[random.integer(ports.length)] ?? 0;
  switch (random.integer(24)) {
    case 0:
      return queen.request("POST", "/v1/hives", { id, host: "127.0.0.1", port, labels: { n: `${n}` } });
    case 1:
      return random.integer(4) > 0 ? Promise.resolve() : queen.request("DELETE", path);
    case 2:
      return queen.request("PATCH", path, { labels: { env: random.integer(2) ? `e${n}` : null } });
    case 3:
      return queen.request("PATCH", path, { port });
    case 4:
      return queen.request("PATCH", path, { status: ["online", "offline", "unknown"][random.integer(3)] });
    case 5:
      return queen.request("PUT", `${path}/devices`, { cpu: null, gpus: [{ index: 0, name: "L4", vram_gb: n % 99 }] });
    case 6:
      return queen.request("POST", `${path}/cordon`, { reason: `fan ${n}`, for: `${1 + random.integer(60)}s` });
    case 7:
      return queen.request("POST", `${path}/uncordon`);
    default: {
      const state = ["Idle", "Busy", "Loading", "Error", "Shutdown"][random.integer(5)];
      const workers = Array.from({ length: random.integer(4) }, (_, m) =>
        workerJson({
          worker_id: `w${m}`,
          state,
          model_id: `m${random.integer(5)}`,
          vram_bytes: random.integer(8) * GB,
        }),
      );
      const gpus = [{ index: 0, memory_total_bytes: 24 * GB, memory_used_bytes: random.integer(24) * GB }];
      const measured = random.integer(2) ? { gpus, host: { memory_total_bytes: 64 * GB, memory_used_bytes: n } } : {};
      return queen.request("POST", "/v1/heartbeat", { ...beatJson(id, workers), ...measured });
    }
  }
}

/** Begins an operation that fails on its way to the host; resolves when that is so. */
async function operate(queen: TestQueen, port: number): Promise<void> {
  const ssh = { ssh_host: "127.0.0.1", ssh_port: port, ssh_user: "nobody" };
  await queen.request("POST", "/v1/hives", { id: "managed", host: "127.0.0.1", port, ...ssh });
  const { body } = await queen.request("POST", "/v1/hives/managed/start");
  const { id } = body as { id: string };
  await until("it has ended", async () => {
    return ((await queen.request("GET", `/v1/operations/${id}`)).body as { state: string }).state !== "running";
  });
}

/** Lets time pass, as a queen that runs does. */
async function passSome({ clock, watch, fleet }: TestQueen, ms: number): Promise<void> {
  clock.advance(ms);
  await watch.sweep();
  await fleet.news.tellDue();
}

async function runOtherProgram(file: string, from: number, to: number): Promise<void> {
  const child = spawn(process.execPath, [RUN, OTHER_PROGRAM, file, `${from}`, `${to}`], {
    stdio: "inherit",
    timeout: 100_000,
  });
  expect(await once(child, "close")).toEqual([0, null]);
}

/** Rounds until nothing more is told: devices may still be asked for. */
async function settle(queen: TestQueen): Promise<void> {
  let before: string;
  do {
    before = queen.events.position;
    await queen.watch.runRound();
    await passSome(queen, 2000);
  } while (queen.events.position !== before);
}

/** Half of them answer. */
const startPorts = async (): Promise<number[]> => [(await startHive()).port, await deadPort()];

async function addHives(queen: TestQueen, ports: readonly number[]): Promise<void> {
  for (let n = 0; n < HIVES; n++) {
    await queen.request("POST", "/v1/hives", { id: `hive-${n}`, host: "127.0.0.1", port: ports[n % 2] });
  }
  await queen.watch.runRound();
}

async function changeSome(queen: TestQueen, random: Random, ports: readonly number[]): Promise<void> {
  await Promise.all(Array.from({ length: AT_ONCE }, () => change(queen, random, ports)));
  await passSome(queen, random.integer(8000));
  if (random.integer(10) === 0) await queen.watch.runRound();
}

/** What it has is what a fresh read gives. */
async function expectTrue(follower: FleetFollower, client: QueenClient, queen: TestQueen): Promise<void> {
  await until("all is told", () => follower.position === queen.events.position);
  const { fleet: fresh, position } = await draw(client);
  expect(position).toBe(queen.events.position);
  expect(withoutAges(follower.fleet)).toEqual(withoutAges(fresh));
}

test("whoever draws the fleet and follows the events has what a fresh read gives, amid 10,000 changes from all sides and after them", async () => {
  const clock = new FakeClock();
  const catalog = await openTestCatalog({ now: () => clock.now() });
  await using queen = await startTestQueen({ catalog, clock });
  const client = new QueenClient({ url: await listen(queen) });
  const random = new Random(1);
  const ports = await startPorts();
  await addHives(queen, ports);
  let changes = 0;
  const makeChanges = async () => {
    for (let made = 0; made < CHANGES; made += AT_ONCE) {
      await changeSome(queen, random, ports);
      changes += AT_ONCE;
    }
  };
  const changing = Promise.all([makeChanges(), runOtherProgram(catalog.path, 0, OF_OTHER_PROGRAM)]);
  await until("it is in full swing", () => changes > 1000);
  await using follower = await new FleetFollower(client).begin();
  await operate(queen, ports[1] ?? 0);
  await changing;
  await settle(queen);
  await expectTrue(follower, client, queen);
  await makeChanges();
  // What nobody else changes any more, nobody else tells of.
  await runOtherProgram(catalog.path, OF_OTHER_PROGRAM, 2 * OF_OTHER_PROGRAM);
  await settle(queen);
  await expectTrue(follower, client, queen);
  expect(follower.gaps).toEqual([]);
  const { kinds } = follower;
  const ofRows = EVENT_TYPES.filter((type) => type !== "liveness" && type !== CHANGES_NO_ROW);
  expect(kinds).toEqual(new Set([...ofRows, ...kinds]));
}, 120_000);

test("after a restart of the queen it is told a gap, draws anew by itself, and has what a fresh read gives", async () => {
  await using folder = await temporaryFolder();
  const clock = new FakeClock();
  const open = () => HiveCatalog.open(`${folder.path}/hives.db`, { now: () => clock.now() });
  const random = new Random(2);
  const ports = await startPorts();
  const before = await startTestQueen({ catalog: await open(), clock });
  const url = await listen(before);
  const client = new QueenClient({ url });
  await addHives(before, ports);
  await using follower = await new FleetFollower(client).begin();
  for (let n = 0; n < 5; n++) await changeSome(before, random, ports);
  await before[Symbol.asyncDispose]();

  // No event tells of these.
  const catalog = await open();
  await catalog.removeHive("hive-1");
  await catalog.patchHive("hive-2", { labels: { changed: "meanwhile" } });
  await catalog.close();

  await using queen = await startTestQueen({ catalog: await open(), clock });
  await listen(queen, Number(new URL(url).port));
  for (let n = 0; n < 5; n++) await changeSome(queen, random, ports);
  await until("it has drawn anew", () => follower.position.startsWith(queen.events.start));
  for (let n = 0; n < 5; n++) await changeSome(queen, random, ports);
  await settle(queen);
  await expectTrue(follower, client, queen);
  expect(follower.gaps).toEqual(["queen_restarted"]);
}, 60_000);

/** Events as they are when no row can be read. */
const fetchWithoutRows: typeof fetch = async (input, init) => {
  const answer = await fetch(input, init);
  if (answer.body === null || !answer.headers.get("content-type")?.startsWith("text/event-stream")) return answer;
  let rest = "";
  const stripping = new TransformStream<string, string>({
    transform: (text, controller) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) controller.enqueue(`${line.replace(/,"row":.*$/, "}")}\n`);
    },
  });
  const pieces = answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(stripping);
  return new Response(pieces.pipeThrough(new TextEncoderStream()), { headers: answer.headers });
};

test("a hive whose event has no row is asked for again: it stays, unless it is gone", async () => {
  await using queen = await startTestQueen();
  const client = new QueenClient({ url: await listen(queen), fetch: fetchWithoutRows });
  for (const id of ["a", "b", "c"]) await queen.request("POST", "/v1/hives", { id, host: "127.0.0.1", port: 1 });
  await using follower = await new FleetFollower(client).begin();
  await queen.request("POST", "/v1/hives/a/cordon", { reason: "fans" });
  await queen.request("DELETE", "/v1/hives/b");
  await expectTrue(follower, client, queen);
  expect([...follower.fleet.keys()]).toEqual(["a", "c"]);
  expect(follower.fleet.get("a")?.cordon).toMatchObject({ reason: "fans" });
});
