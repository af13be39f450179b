import { QueenClient } from "@repo/queen-client";
import { closedPort } from "@repo/test-support/closed-port";
import { beforeAll, expect, test } from "vitest";
import { until } from "../../queen/test/until.ts";
import { Hivectl, hivectl, inTerminal, processInTerminal } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";

const queen = queenForAll();
const GB = 2 ** 30;
const TIME = expect.stringMatching(/^2\d{3}-\d\d-\d\dT[\d:.]+Z$/);
let client: QueenClient;

const worker = (worker_id: string, state: "Idle" | "Busy") => ({
  worker_id,
  state,
  last_heartbeat: new Date().toISOString(),
  health_status: "healthy",
  model_id: "llama-3-8b",
  backend: "cuda",
  running: state === "Busy" ? 4 : 0,
  slots: 4,
});

beforeAll(async () => {
  client = new QueenClient({ url: queen.url });
  for (const [id, env] of [
    ["gpu-01", "prod"],
    ["gpu-02", "prod"],
    ["gpu-03", "dev"],
  ] as const) {
    await client.addHive({ id, host: "127.0.0.1", port: 1, labels: { env } });
  }
  const gpus = [{ index: 0, memory_total_bytes: 80 * GB, memory_used_bytes: 20 * GB, utilization_percent: 50 }];
  const beat = (hive_id: string, workers: ReturnType<typeof worker>[]) =>
    client.sendHeartbeat({ hive_id, timestamp: new Date().toISOString(), workers, gpus });
  await beat("gpu-02", [worker("w2", "Busy"), worker("w3", "Busy")]);
  await beat("gpu-01", [worker("w1", "Idle")]);
  await client.cordonHive("gpu-03", { reason: "new fans" });
});

const run = (...args: string[]) => hivectl(args, { QUEEN_URL: queen.url });
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {2,}/));
const names = async (...args: string[]) => (await run(...args, "-o", "name")).stdout.trim().replaceAll("\n", " ");

test("workers are a line each, in the order of their hives, by what they serve and how they are", async () => {
  expect(linesOf((await run("get", "workers")).stdout)).toEqual([
    ["HIVE", "WORKER", "STATE", "MODEL", "RUNNING", "HEALTH"],
    ["gpu-01", "w1", "Idle", "llama-3-8b", "0/4", "healthy"],
    ["gpu-02", "w2", "Busy", "llama-3-8b", "4/4", "healthy"],
    ["gpu-02", "w3", "Busy", "llama-3-8b", "4/4", "healthy"],
  ]);
  expect(await names("get", "workers", "--model", "llama-3-8b", "--state", "busy", "--sort", "-worker")).toBe(
    "gpu-02/w3 gpu-02/w2",
  );
  expect(await names("get", "workers", "--state", "Idle")).toBe("gpu-01/w1");
  expect(await names("get", "workers", "--state", "idle,BUSY")).toBe("gpu-01/w1 gpu-02/w2 gpu-02/w3");
  expect(await names("get", "workers", "--state", "error", "--state", "busy")).toBe("gpu-02/w2 gpu-02/w3");
  expect(await run("get", "workers", "--model", "none")).toMatchObject({
    code: 0,
    stdout: "",
    stderr: "hivectl: no worker of a live hive is as asked for\n",
  });
  const [of2, of2Too, of1] = (await client.findWorkers()).workers;
  expect(JSON.parse((await run("get", "workers", "--json")).stdout)).toEqual({ workers: [of1, of2, of2Too] });
  expect(await run("get", "workers", "--state", "bored")).toMatchObject({ code: 2 });
});

test("outside of a terminal all times are those of a clock, also of what one hive says", async () => {
  const { stdout } = await run("describe", "hive", "gpu-01");
  expect(stdout).toMatch(/^Last beat: +2\S+Z$/m);
  expect(stdout).not.toMatch(/ ago\b/);
});

test("models, labels and cordons are listed as the queen has them", async () => {
  for (const what of ["workers", "models", "model", "labels", "label", "cordons", "cordon", "events"]) {
    expect(await run("get", what), what).toMatchObject({ code: 0, stderr: "" });
  }
  expect(linesOf((await run("get", "models")).stdout)[1]).toEqual(["llama-3-8b", "1", "0", "2", "0", "0", "0"]);
  expect(linesOf((await run("get", "labels")).stdout)).toEqual([
    ["KEY", "HIVES", "VALUES"],
    ["env", "3", "dev 1, prod 2"],
  ]);
  const [titles, cordon] = linesOf((await run("get", "cordons")).stdout);
  expect(titles).toEqual(["ID", "SINCE", "UNTIL", "REASON"]);
  expect(cordon).toEqual(["gpu-03", expect.stringMatching(/^2/), "-", "new fans"]);
  expect(JSON.parse((await run("get", "cordons", "--json")).stdout)).toEqual(await client.listCordons());
  expect(JSON.parse((await run("get", "labels", "--json")).stdout)).toEqual(await client.listLabels());
  expect(JSON.parse((await run("get", "models", "--json")).stdout)).toEqual(await client.listModels());
});

test("top has the hives of which most is in use first", async () => {
  expect(linesOf((await run("top")).stdout)).toEqual([
    ["ID", "STATUS", "LOAD", "BUSY", "IDLE", "LOADING", "GPU%", "VRAM", "RAM"],
    ["gpu-02", "online", "100%", "2", "0", "0", "50%", "20/80GB", "-"],
    ["gpu-01", "online", "0%", "0", "1", "0", "50%", "20/80GB", "-"],
    ["gpu-03", "unknown,cordoned", "-", "-", "-", "-", "-", "-", "-"],
  ]);
  expect(linesOf((await run("top", "-o", "wide", "--limit", "1")).stdout)[1]).toContainEqual(TIME);
  expect(await names("top", "--sort=-idle")).toBe("gpu-01 gpu-02 gpu-03");
  expect(await names("top", "--sort", "busy", "--limit", "1")).toBe("gpu-01");
  expect(await names("top", "--sort=-gpu%")).toMatch(/gpu-03$/);
  expect(await run("top", "--sort", "colour")).toMatchObject({ code: 2, stderr: expect.stringContaining("gpu%") });
  expect(await names("top", "-l", "env=prod", "--limit", "1")).toBe("gpu-02");
  expect(await names("top", "gpu-03", "gpu-01", "gpu-02")).toBe("gpu-02 gpu-01 gpu-03");
  expect(await run("top", "gpu-01", "nope")).toMatchObject({ code: 3, stderr: expect.stringContaining("nope") });
});

test("on a terminal top -w shows the list anew in place of itself until Ctrl-C, which ends it with 0", async () => {
  const seen = { columns: 100, typedAfter: "gpu-03" };
  const { code, stdout } = await processInTerminal(["top", "-w"], { QUEEN_URL: queen.url }, seen, "\x03");
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining("\x1b[H\x1b[2JID ") });
});

test("top -w of a queen who was never there ends with what is wrong", async () => {
  await using nobody = await closedPort();
  const { code, stdout } = await inTerminal(["top", "-w"], { QUEEN_URL: nobody.url }, { columns: 100 });
  expect({ code, stdout }).toMatchObject({ code: 1, stdout: expect.stringContaining("is a queen at") });
});

test.each([
  [[], /\ngpu-02 .*\ngpu-01 .*\n/],
  [["--sort=-idle"], /\ngpu-01 .*\ngpu-02 .*\n/],
])("top -w %j of more hives than a terminal has lines says so", async (args, shown) => {
  const env = { QUEEN_URL: queen.url, NO_COLOR: "1" };
  const top = (rows: number) =>
    processInTerminal(["top", "-w", ...args], env, { columns: 100, rows, typedAfter: "more" }, "\x03");
  const { stdout } = await top(6);
  expect(stdout).toMatch(shown);
  expect(stdout).toContain("\nhivectl: there are more than 2: a higher terminal shows more\n");
  expect((await top(3)).stdout).toContain("\nhivectl: there are more than 1: a higher terminal shows more\n");
});

test("events are told as far as they are kept, of all or of some", async () => {
  const events = linesOf((await run("get", "events")).stdout);
  expect(events[0]).toEqual(["AT", "HIVE", "KIND", "DETAIL"]);
  const said = events.map(([, hive, kind, detail]) => `${hive} ${kind} ${detail}`);
  expect(said).toContain("gpu-03 hive_added 127.0.0.1:1");
  expect(said).toContain("gpu-03 cordon new fans");
  expect(said).toContainEqual(expect.stringMatching(/^gpu-01 status unknown → online: /));
  const mine = linesOf((await run("get", "events", "gpu-03", "--kind", "cordon,status", "--no-headers")).stdout);
  expect(mine.map(([, hive, kind]) => [hive, kind])).toEqual([["gpu-03", "cordon"]]);
  const { events: kept } = JSON.parse((await run("get", "events", "--json")).stdout);
  expect(kept[0]).toMatchObject({ id: expect.stringMatching(/-1$/), type: "hive_added", data: { hive_id: "gpu-01" } });
  expect(await names("get", "events", "--since", kept.at(-2).id)).toBe(kept.at(-1).id);
  expect(await run("get", "events", "--since", kept.at(-1).id)).toMatchObject({ code: 0, stdout: "" });
  expect(await run("get", "events", "--since", "otherwhere-9")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("hive_added"),
    stderr: expect.stringContaining("queen_restarted"),
  });
  expect(await run("get", "events", "--kind", "weather")).toMatchObject({ code: 2 });
  // Nobody knows what was before.
  expect(await run("get", "events", "--kind", "hive_removed")).toMatchObject({
    code: 0,
    stderr: "hivectl: nothing of that has happened since the queen started\n",
  });
  const all = await names("get", "events");
  const { at_ms } = kept.at(-1).data;
  const last = kept.filter(({ data }: { data: { at_ms: number } }) => data.at_ms >= at_ms);
  expect(await names("get", "events", "--since", new Date(at_ms).toISOString())).toBe(
    last.map(({ id }: { id: string }) => id).join(" "),
  );
  expect(await names("get", "events", "--since", "1h30m")).toBe(all);
  const since = await run("get", "events", "--since", "1h30m");
  expect(since.stderr).toMatch(/^hivectl: events are kept since the queen started, \d{4}-\S+Z\n$/);
  expect(await names("get", "events", "--since", "2999-01-01T00:00Z")).toBe("");
  for (const nonsense of ["nonsense", "2026-12-01", "0m", "-9"]) {
    expect(await run("get", "events", "--since", nonsense)).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining("--since must be"),
    });
  }
});

test("a hive that there is none of, and of which no event is kept, is said", async () => {
  const events = (...ids: string[]) => hivectl(["get", "events", ...ids, "-o", "name"], { QUEEN_URL: queen.url });
  expect(await events("nope")).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringContaining('HIVE_NOT_FOUND: There is no hive "nope"'),
  });
  const client = new QueenClient({ url: queen.url });
  await client.addHive({ id: "was-here", host: "127.0.0.1", port: 1 });
  await client.removeHive("was-here");
  const some = await events("was-here", "nope");
  expect(some).toMatchObject({ code: 3, stdout: expect.stringMatching(/\n.*\n$/) });
  expect(some.stderr).toBe('hivectl: HIVE_NOT_FOUND: There is no hive "nope"\n');
});

test("a watch of events tells what was, and then what happens", async () => {
  const running = new Hivectl(["get", "events", "-w", "gpu-02", "-o", "jsonl"], { QUEEN_URL: queen.url });
  await until("what was is told", () => running.stdout.includes('"hive_added"'));
  await client.cordonHive("gpu-02", { reason: "a noise" });
  await until("the cordon is told", () => running.stdout.includes('"a noise"'));
  running.interrupt();
  const { code, stdout } = await running.end();
  const hives = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).data.hive_id);
  expect({ code, hives: new Set(hives) }).toEqual({ code: 0, hives: new Set(["gpu-02"]) });
  await client.uncordonHive("gpu-02");
});

test("operations are listed, the newest first, and one is described with its steps", async () => {
  expect(await run("get", "operations")).toEqual({
    code: 0,
    stdout: "",
    stderr: "hivectl: no operations yet\n",
  });
  expect((await run("get", "operations", "gpu-01")).stderr).toBe("hivectl: no operation is as asked for\n");
  for (const hive of ["gpu-01", "gpu-02"]) {
    const { id } = await client.stopHive(hive);
    await until("it has ended", async () => (await client.getOperation(id)).finished_at_ms !== null);
  }
  const [titles, newest] = linesOf((await run("get", "operations")).stdout);
  expect(titles).toEqual(["ID", "HIVE", "KIND", "STATE", "BEGAN", "TOOK", "STEP", "PROBLEM"]);
  expect(newest).toEqual(expect.arrayContaining(["gpu-02", "stop"]));
  const { operations } = await client.listOperations();
  const [last, first] = operations;
  expect(await names("get", "operations", "gpu-01")).toBe(first?.id);
  expect(await names("get", "operations", "--kind", "stop", "--limit", "1")).toBe(last?.id);
  expect(await names("get", "operations", "--state", "running")).toBe("");
  expect(JSON.parse((await run("get", "operations", "--json")).stdout)).toMatchObject({ operations });
  const described = await run("describe", "operation", first?.id ?? "");
  expect(described.stdout).toMatch(new RegExp(`^Id: +${first?.id}\\nHive: +gpu-01\\nKind: +stop$`, "m"));
  for (const { name, state } of first?.steps ?? [])
    expect(described.stdout).toMatch(new RegExp(`^  ${name} +${state}`, "m"));
  expect(JSON.parse((await run("describe", "operation", first?.id ?? "", "--json")).stdout)).toEqual(first);
  expect(await run("describe", "operation", "nope")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("`hivectl get operations`"),
  });
});

test("events that are listed together stand in the same columns, however long an id comes later", async () => {
  const id = "a-hive-of-a-longer-name";
  await client.addHive({ id, host: "127.0.0.1", port: 1 });
  const { stdout } = await run("get", "events");
  const [head = "", ...lines] = stdout.trimEnd().split("\n");
  const [kindAt, detailAt] = [head.indexOf("KIND"), head.indexOf("DETAIL")];
  const kinds = lines.map((line) => line.slice(kindAt - 1, detailAt).trimEnd());
  expect(kinds.filter((kind) => !/^ [a-z_]+$/.test(kind))).toEqual([]);
  await client.removeHive(id);
});

test.each(["token list", "get workers --state error"])(
  "%s has nothing to put in order, and refuses all the same an order that there is none of",
  async (list) => {
    expect(await run(...list.split(" "), "--sort", "colour")).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/^hivectl: \w+ have no column "colour": .*\n$/),
    });
  },
);
