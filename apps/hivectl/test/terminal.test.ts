import { HiveCatalog } from "@repo/hive-catalog";
import { QueenClient } from "@repo/queen-client";
import { beforeAll, expect, test } from "vitest";
import { workerJson } from "../../queen/test/test-queen.ts";
import { inTerminal, processInTerminal } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";

const queen = queenForAll();
const ESC = "\x1b";

let client: QueenClient;

beforeAll(async () => {
  client = new QueenClient({ url: queen.url });
  const gpus = [{ index: 0, name: "NVIDIA H100 80GB HBM3", vram_gb: 80 }];
  const labels = { rack: "r12", env: "production", site: "somewhere-far-away" };
  for (const id of ["gpu-01", "gpu-02"]) {
    await client.addHive({ id, host: "127.0.0.1", port: 1, status: "online", labels, devices: { cpu: null, gpus } });
  }
});

const show = (columns: number, args: string[], env = {}) =>
  inTerminal(args, { QUEEN_URL: queen.url, ...env }, { columns });

test.each([60, 80, 200])("in %i columns no line is longer than the terminal, and ids are whole", async (columns) => {
  for (const args of [
    ["get", "hives", "-q"],
    ["get", "hives", "-o", "wide", "-q"],
    ["top", "-q"],
    ["cordon", "-l", "rack", "--reason", "a reason of many words, as people write them", "-y", "-q"],
    ["uncordon", "-l", "rack", "-y", "-q"],
  ]) {
    const { code, stdout } = await show(columns, args, { NO_COLOR: "1" });
    const lines = stdout.trimEnd().split("\n");
    expect(code).toBe(0);
    expect(lines.map((line) => line.length).filter((length) => length > columns)).toEqual([]);
    // Of what is done to hives the lines stand in the order in which it was done.
    expect(
      lines
        .slice(1)
        .map((line) => line.slice(0, 6))
        .sort(),
    ).toEqual(["gpu-01", "gpu-02"]);
  }
});

test.each([60, 80, 200])(
  "in %i columns the lines of status and describe go on below what they say",
  async (columns) => {
    await client.addHive({ id: "gpu-03", host: "127.0.0.1", port: 1, labels: { team: "somebody", rack: "r1" } });
    await client.cordonHive("gpu-03", { reason: "a reason of many words, as people write them, and some more" });
    for (const args of [["status"], ["describe", "hive", "gpu-03"]]) {
      const { code, stdout } = await show(columns, args);
      const tooLong = stdout.split("\n").filter((line) => line.trimEnd().length > columns);
      expect({ code, tooLong }).toEqual({ code: 0, tooLong: [] });
      expect(stdout.replaceAll(/\s+/g, " ")).toContain("as people write them, and some more");
    }
    await client.removeHive("gpu-03");
  },
);

/** As a terminal counts those that are tried here. */
const columnsOf = (line: string) => line.normalize("NFC").replaceAll(/👍🏽|🦙|[\u3000-\u9fff]/gu, "--").length;

test.each([60, 80, 200])(
  "in %i columns what takes two of them, or none, moves no column, and is cut and broken between characters",
  async (columns) => {
    const timestamp = new Date().toISOString();
    const models = ["日本語の大きなモデル🦙", "cafe\u0301", "llama-3-8b"];
    const workers = models.map((model_id, at) => ({ ...workerJson(), worker_id: `w${at}`, model_id }));
    await client.addHive({ id: "gpu-04", host: "127.0.0.1", port: 1 });
    await client.sendHeartbeat({ hive_id: "gpu-04", timestamp, workers });
    const reason = `新しいファンを待っています👍🏽${"👍🏽".repeat(30)}、cafe\u0301 の隣のラックです`;
    await client.cordonHive("gpu-04", { reason });
    for (const [args, workersShown] of [
      [["get", "workers"], models.length],
      [["get", "workers", "-o", "wide"], models.length],
      [["get", "cordons"], 0],
      [["describe", "hive", "gpu-04"], models.length],
      [["status"], 0],
    ] as const) {
      const { code, stdout } = await show(columns, [...args, "-q"], { NO_COLOR: "1" });
      const tooLong = stdout.split("\n").filter((line) => columnsOf(line) > columns);
      expect({ code, tooLong }).toEqual({ code: 0, tooLong: [] });
      expect(stdout).not.toMatch(/[^👍]🏽|\s\u0301/u);
      const healthy = [...stdout.matchAll(/^(.*?)healthy/gm)].map(([, before = ""]) => columnsOf(before));
      expect(healthy).toEqual(Array(workersShown).fill(healthy[0]));
    }
    await client.removeHive("gpu-04");
  },
);

test.each([60, 80, 200])("in %i columns an operation is described below its columns", async (columns) => {
  const problem =
    "SSH_FAILED: 新しいホスト never answered, as a sentence of many words says that goes on and on and on";
  const id = `start-${columns}`;
  const catalog = await HiveCatalog.open(`${queen.folder}/hives.db`);
  const deadlineMs = Date.now() + 60_000;
  await catalog.operations.begin({ id, hiveId: "gpu-01", kind: "start", owner: "somebody", deadlineMs });
  const step = { name: "connect", state: "failed", startedAtMs: 1, endedAtMs: 2, detail: problem } as const;
  await catalog.operations.save(id, { steps: [step], outputTail: `${problem}\n${problem}` });
  await catalog.operations.finish(id, { state: "failed", problem });
  await catalog.close();
  for (const args of [
    ["describe", "operation", id],
    ["describe", "hive", "gpu-01"],
    ["get", "operations"],
  ]) {
    const { code, stdout } = await show(columns, args, { NO_COLOR: "1" });
    const tooLong = stdout.split("\n").filter((line) => columnsOf(line) > columns);
    expect({ code, tooLong }).toEqual({ code: 0, tooLong: [] });
    if (args[0] === "describe") expect(stdout.replaceAll(/\s+/g, " ")).toContain(problem);
  }
});

test("what is asked for is listed before the question, and goes on below its last column", async () => {
  const labels = ["a-long-key=with-a-long-value", "other=with-another-value"];
  const seen = { columns: 60, typedAfter: "to go on:" };
  // Also where the table goes elsewhere.
  for (const stdout of ["&1", "/dev/null"]) {
    const args = ["label", "gpu-01", "gpu-02", ...labels];
    const asked = await processInTerminal(args, { QUEEN_URL: queen.url }, { ...seen, stdout }, "no\n");
    expect(asked.stdout, stdout).toMatch(
      /^gpu-01 {2}would do {2}a-long-key=with-a-long-value,\n {18}other=with-another-value\ngpu-02 /m,
    );
  }
});

test("a wide terminal shows everything, a narrow one cuts what is longest", async () => {
  expect((await show(200, ["get", "hives"])).stdout).toContain("site=somewhere-far-away");
  expect((await show(60, ["get", "hives"])).stdout).toMatch(/ H100 80GB .*…\n/);
});

test("a status is never cut, and columns without room are named", async () => {
  await client.cordonHive("gpu-02", { reason: "new fans" });
  const { stdout } = await show(80, ["get", "hives", "-o", "wide"], { NO_COLOR: "1" });
  await client.uncordonHive("gpu-02");
  expect(stdout).toMatch(/^gpu-02 +online,cordoned /m);
  expect(stdout).toMatch(/^hivectl: no room for .*VRAM, LOAD, AGE, LABELS: --columns says which to show$/m);
  expect((await show(200, ["get", "hives"])).stdout).not.toContain("no room");
});

test("colours are for terminals whose reader wants them", async () => {
  expect((await show(80, ["get", "hives"])).stdout).toContain(`${ESC}[32monline`);
  for (const env of [{ NO_COLOR: "1" }, { TERM: "dumb" }])
    expect((await show(80, ["get", "hives"], env)).stdout).not.toContain(ESC);
  expect((await show(80, ["get", "hives", "--no-color"])).stdout).not.toContain(ESC);
});

test("people read how long ago something was", async () => {
  const { stdout } = await show(80, ["describe", "hive", "gpu-01"]);
  expect(stdout).toMatch(/^Added: +\d+s ago$/m);
});
