import { QueenClient } from "@repo/queen-client";
import { expect, test } from "vitest";
import { queenProcesses } from "../../queen/test/queen-processes.ts";
import { until } from "../../queen/test/until.ts";
import { breakingProxy } from "./breaking-proxy.ts";
import { Hivectl, HivectlProcess, processInTerminal } from "./hivectl.ts";

const queens = queenProcesses();
const GPU = { index: 0, memory_total_bytes: 2 ** 36, memory_used_bytes: 0 };
const HIVE = { host: "127.0.0.1", port: 1 };

const linesOf =
  (running: Hivectl | HivectlProcess) =>
  (line: string | RegExp, of: "stdout" | "stderr" = "stdout") =>
    until(`${line} is said`, () => running[of].split("\n").some((one) => new RegExp(line).test(one)));

function following(url: string, what: string, ...args: string[]) {
  const running = new Hivectl(["get", what, "-w", ...args], { QUEEN_URL: url });
  return { running, untilLine: linesOf(running) };
}

test("a watch lists, tells what changes, and ends with 0 at Ctrl-C", async () => {
  const { url } = await queens.open();
  const client = new QueenClient({ url });
  await client.addHive({ ...HIVE, id: "a" });
  const running = new HivectlProcess(["get", "hives", "-w"], { QUEEN_URL: url });
  const untilLine = linesOf(running);
  await untilLine(/^a +unknown/);
  await client.changeHive("a", { status: "online" });
  await untilLine(/^a +online/);
  await client.addHive({ ...HIVE, id: "b" });
  await untilLine(/^b +unknown/);
  await client.cordonHive("a", { reason: "new fans" });
  await untilLine(/^a +online,cordoned/);
  await client.removeHive("b");
  await untilLine(/^b +removed$/);
  running.child.kill("SIGINT");
  expect(await running.end()).toMatchObject({ code: 0, stderr: "" });
});

test("a watch has a line for each change of what shows, and none for a heartbeat that brings nothing new", async () => {
  const { url } = await queens.open();
  const client = new QueenClient({ url });
  await client.addHive({ ...HIVE, id: "a" });
  let utilization_percent = 0;
  const beat = (state: "Idle" | "Busy") => {
    // Measured anew each time, which no column of this list shows.
    utilization_percent = (utilization_percent + 1) % 100;
    const timestamp = new Date().toISOString();
    const worker = { worker_id: "w1", state, health_status: "healthy", last_heartbeat: timestamp };
    return client.sendHeartbeat({
      hive_id: "a",
      timestamp,
      workers: [worker],
      gpus: [{ ...GPU, utilization_percent }],
    });
  };
  await beat("Idle");
  const { running, untilLine } = following(url, "hives", "-v");
  const all = following(url, "events", "-o", "name", "--kind", "workers,cordon");
  await untilLine("/v1/events", "stderr");
  await until("workers that are as before are told", async () => {
    await beat("Idle");
    return all.running.stdout.split("\n").length > 2;
  });
  await until("a worker is busy", async () => {
    await beat("Busy");
    return /1 busy/.test(running.stdout);
  });
  await client.cordonHive("a", { reason: "new fans" });
  await untilLine(/^a +online,cordoned/);
  for (const one of [running, all.running]) one.interrupt();
  const [{ stdout }] = await Promise.all([running.end(), all.running.end()]);
  const lines = stdout.trimEnd().split("\n");
  const shown = lines.map((line) => line.split(/ {2,}/)).map(([, status, , , workers]) => `${status} ${workers}`);
  expect(shown).toEqual(["STATUS WORKERS", "online 1 idle", "online 1 busy", "online,cordoned 1 busy"]);
  expect(new Set(lines.map((line) => line.search(/WORKERS|1 idle|1 busy/)))).toHaveLength(1);
});

test("with a filter it tells of what is let through, and as JSON a line each", async () => {
  const { url } = await queens.open();
  const client = new QueenClient({ url });
  await client.addHive({ ...HIVE, id: "other" });
  await client.addHive({ ...HIVE, id: "mine", labels: { rack: "r1" } });
  const { running, untilLine } = following(url, "hives", "-l", "rack=r1", "-o", "jsonl");
  await untilLine('"id":"mine"');
  await client.changeHive("other", { status: "online" });
  await client.changeHive("mine", { status: "online" });
  await untilLine('"id":"mine".*"value":"online"');
  running.interrupt();
  const { code, stdout } = await running.end();
  const ids = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).hive.id);
  expect({ code, ids: new Set(ids) }).toEqual({ code: 0, ids: new Set(["mine"]) });
});

test("as JSON it tells, too, what no column shows, such as another reason of a cordon", async () => {
  const { url } = await queens.open();
  const client = new QueenClient({ url });
  await client.addHive({ ...HIVE, id: "a" });
  await client.cordonHive("a", { reason: "new fans" });
  const { running, untilLine } = following(url, "hives", "-o", "jsonl");
  await untilLine('"reason":"new fans"');
  await client.cordonHive("a", { reason: "smoke" });
  await untilLine('"reason":"smoke"');
  running.interrupt();
  expect(await running.end()).toMatchObject({ code: 0, stderr: "" });
});

test.each([
  [[], /^mine +no longer as asked for$/, /^gone +removed$/],
  [["-o", "jsonl"], /^\{"hive_id":"mine","left":true\}$/, /^\{"hive_id":"gone","removed":true\}$/],
])(
  "with a filter and %j it tells of each hive that the filter lets through no longer, and of no other",
  async (format, left, removed) => {
    const { url } = await queens.open();
    const client = new QueenClient({ url });
    for (const id of ["mine", "gone"]) await client.addHive({ ...HIVE, id, labels: { rack: "r1" } });
    await client.addHive({ ...HIVE, id: "other" });
    const { running, untilLine } = following(url, "hives", "-l", "rack=r1", "-v", ...format);
    await untilLine("/v1/events", "stderr");
    await client.removeHive("other");
    await client.changeHive("mine", { labels: { rack: "r2" } });
    await client.cordonHive("mine", { reason: "x" });
    await client.removeHive("gone");
    await untilLine(removed);
    running.interrupt();
    const { code, stdout } = await running.end();
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.slice(format.length === 0 ? 3 : 2)).toEqual([
      expect.stringMatching(left),
      expect.stringMatching(removed),
    ]);
  },
);

test("a watch with a filter asks for no hive again because of what is done to it", async () => {
  const { url } = await queens.open();
  const client = new QueenClient({ url });
  await client.addHive({ ...HIVE, id: "mine", labels: { rack: "r1" } });
  const { running, untilLine } = following(url, "hives", "-l", "rack=r1", "-v");
  await untilLine("/v1/events", "stderr");
  const looks = () => running.stderr.match(/GET \S*\/v1\/fleet/g)?.length ?? 0;
  const before = looks();
  const { id } = await client.stopHive("mine");
  await until("it has ended", async () => (await client.getOperation(id)).finished_at_ms !== null);
  await client.cordonHive("mine", { reason: "fans" });
  await untilLine(/^mine +unknown,cordoned/);
  expect(looks() - before).toBe(1);
  running.interrupt();
  expect((await running.end()).code).toBe(0);
});

test("a queen who dies between an event and what is asked of it is away, and no end", async () => {
  const { url } = await queens.open();
  const client = new QueenClient({ url });
  await client.addHive({ ...HIVE, id: "mine", labels: { rack: "r1" } });
  const proxy = await breakingProxy(url);
  const { running, untilLine } = following(proxy.url, "hives", "-l", "rack=r1", "-v");
  await untilLine("/v1/events", "stderr");
  proxy.breakOnce(/^\/v1\/fleet/);
  await client.changeHive("mine", { status: "online" });
  await untilLine("the queen is away", "stderr");
  await untilLine(/^mine +online/);
  running.interrupt();
  expect(await running.end()).toMatchObject({ code: 0 });
});

test("over a restart of the queen it says that changes were missed, lists anew, and goes on", async () => {
  const first = await queens.open();
  const { url } = first;
  await new QueenClient({ url }).addHive({ ...HIVE, id: "a" });
  const { running, untilLine } = following(url, "hives");
  await untilLine(/^a +unknown/);
  await first.stop();
  await untilLine("the queen is away", "stderr");
  await queens.open({ QUEEN_PORT: new URL(url).port });
  await untilLine(/changes were missed \(queen_restarted\)/, "stderr");
  await until("the list is there twice", () => running.stdout.match(/^a +unknown/gm)?.length === 2);
  await new QueenClient({ url }).changeHive("a", { status: "online" });
  await untilLine(/^a +online/);
  running.interrupt();
  expect((await running.end()).code).toBe(0);
});

test("what happened before the list that is shown anew is told by the list alone", async () => {
  const first = await queens.open();
  const { url } = first;
  const client = new QueenClient({ url });
  for (const id of ["a", "b"]) await client.addHive({ ...HIVE, id });
  const proxy = await breakingProxy(url);
  const { running, untilLine } = following(proxy.url, "hives");
  await untilLine(/^b +unknown/);
  proxy.setAway(true);
  await first.stop();
  await untilLine("the queen is away", "stderr");
  await queens.open({ QUEEN_PORT: new URL(url).port });
  await client.cordonHive("a", { reason: "new fans" });
  await client.removeHive("b");
  await client.uncordonHive("a");
  proxy.setAway(false);
  await until("the list is there twice", () => running.stdout.match(/^a +unknown/gm)?.length === 2);
  await client.changeHive("a", { status: "online" });
  await untilLine(/^a +online/);
  running.interrupt();
  const { stdout } = await running.end();
  expect(stdout.split("\n").map((line) => line.split(/\s+/, 2).join(" "))).toEqual([
    "ID STATUS",
    "a unknown",
    "b unknown",
    "ID STATUS",
    "a unknown",
    expect.stringMatching(/^a online/),
    "",
  ]);
});

test("events that are followed go on over a restart of the queen, and it is said that some were missed", async () => {
  const first = await queens.open();
  const { url } = first;
  await new QueenClient({ url }).addHive({ ...HIVE, id: "a" });
  const { running, untilLine } = following(url, "events");
  await untilLine(/a +hive_added/);
  await first.stop();
  await untilLine("the queen is away", "stderr");
  await queens.open({ QUEEN_PORT: new URL(url).port });
  await untilLine(/were missed \(queen_restarted\)/, "stderr");
  await new QueenClient({ url }).addHive({ ...HIVE, id: "b" });
  await untilLine(/b +hive_added/);
  running.interrupt();
  expect((await running.end()).code).toBe(0);
});

test.each(["hives", "events"])("on a terminal a watch of %s says times of day, as its lines stay", async (what) => {
  const { url } = await queens.open();
  await new QueenClient({ url }).addHive({ ...HIVE, id: "a" });
  const seen = { columns: 200, typedAfter: "127.0.0.1" };
  const { stdout } = await processInTerminal(["get", what, "-w", "-o", "wide"], { QUEEN_URL: url }, seen, "\x03");
  expect(stdout).toMatch(/\b\d\d:\d\d:\d\d\b/);
  expect(stdout).not.toContain(" ago");
});
