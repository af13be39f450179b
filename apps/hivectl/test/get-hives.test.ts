import { createClient } from "@libsql/client";
import { QueenClient } from "@repo/queen-client";
import { beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { type Daemon, spawnQueen } from "../../queen/test/daemon.ts";
import { hivectl, inTerminal } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";

const GPUS = [0, 1].map((index) => ({ index, name: "NVIDIA H100 80GB HBM3", vram_gb: 80 }));
const DEVICES = { cpu: { cores: 16, ram_gb: 64 }, gpus: GPUS };
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
const queen = queenForAll();

beforeAll(async () => {
  const client = new QueenClient({ url: queen.url });
  const hive = { host: "127.0.0.1", port: 1 };
  await client.addHive({ ...hive, id: "gpu-01", status: "online", labels: { rack: "r11" }, devices: DEVICES });
  await client.addHive({ ...hive, id: "gpu-02", labels: { rack: "r12" }, devices: DEVICES });
  await client.addHive({ ...hive, id: "cpu-01", status: "online", labels: { rack: "r12" } });
  await client.changeHive("gpu-02", { status: "offline" });
  await client.cordonHive("cpu-01", { reason: "new fans" });
});

const get = (...args: string[]) => hivectl(["get", "hives", ...args], { QUEEN_URL: queen.url });
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {2,}/));

test("hives are a line each, by id, in columns, of which none mixes a status with its time", async () => {
  const { code, stdout, stderr } = await get();
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(linesOf(stdout)).toEqual([
    ["ID", "STATUS", "SINCE", "GPUS", "WORKERS", "BEAT", "LABELS"],
    ["cpu-01", "online,cordoned", "-", "-", "-", "-", "rack=r12"],
    ["gpu-01", "online", "-", "2 × H100 80GB", "-", "-", "rack=r11"],
    ["gpu-02", "offline", TIME, "2 × H100 80GB", "-", "-", "rack=r12"],
  ]);
  expect((await get("--columns", "status", "--no-headers")).stdout).toBe("online,cordoned\nonline\noffline\n");
});

test("of GPUs the model is seen at 80 columns, and a host without any has no memory of theirs", async () => {
  const client = new QueenClient({ url: queen.url });
  const hive = { host: "127.0.0.1", port: 1, labels: { models: "seen" } };
  const gpu = (name: string, vram_gb: number) => [0, 1].map((index) => ({ index, name, vram_gb }));
  const gpus = { rtx1: gpu("NVIDIA GeForce RTX 4070", 12), rtx2: gpu("NVIDIA GeForce RTX 4090", 24), rtx3: [] };
  for (const [id, own] of Object.entries(gpus))
    await client.addHive({ ...hive, id, devices: { cpu: null, gpus: own } });
  const env = { QUEEN_URL: queen.url };
  const { stdout } = await inTerminal(["get", "hives", "-l", "models=seen"], env, { columns: 80 });
  expect(stdout).toMatch(/^rtx1 .* 2 × RTX 4070 12GB .*\nrtx2 .* 2 × RTX 4090 24GB .*\nrtx3 .* none /m);
  const vram = await get("-l", "models=seen", "--columns", "id,vram", "--no-headers");
  expect(vram.stdout).toBe("rtx1  ?/24GB\nrtx2  ?/48GB\nrtx3  -\n");
  for (const id of Object.keys(gpus)) await client.removeHive(id);
});

test("a number alone is how many GPUs there are: where that finds none, it is said how memory is written", async () => {
  for (const gpu of ["24", "nvidia:24"]) {
    expect((await get("--gpu", gpu)).stderr).toMatch(/is as asked for; --gpu \S+ asks for 24 GPUs: 24GB is memory\n$/);
  }
  expect((await get("--gpu", "H100:80GB:24")).stderr).toMatch(/is as asked for\n$/);
  const wait = await hivectl(["wait", "--gpu", "24"], { QUEEN_URL: queen.url });
  expect(wait).toMatchObject({ code: 1, stderr: expect.stringContaining("24GB is memory") });
  const stop = await hivectl(["stop", "-y", "--gpu", "24"], { QUEEN_URL: queen.url });
  expect(stop).toMatchObject({ code: 0, stderr: expect.stringContaining("24GB is memory") });
});

test("-o wide has more columns, --columns those that are named, and --no-headers no titles", async () => {
  expect(linesOf((await get("-o", "wide", "gpu-01")).stdout)[1]).toEqual(
    expect.arrayContaining(["127.0.0.1:1", "16", "?/64GB", "?/160GB"]),
  );
  expect((await get("--columns", "labels,id", "--no-headers", "gpu-01")).stdout).toBe("rack=r11  gpu-01\n");
  expect(await get("--columns", "colour")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no column "colour"'),
  });
});

test.each([
  [["-l", "rack=r12"], "cpu-01 gpu-02"],
  [["-l", "rack=r12", "-l", "rack!=r12"], ""],
  [["--gpu", "H100:80GB:2"], "gpu-01 gpu-02"],
  [["--cores", "16", "--ram", "64GB"], "gpu-01 gpu-02"],
  [["--status", "offline"], "gpu-02"],
  [["--cordoned"], "cpu-01"],
  [["--sort", "-id"], "gpu-02 gpu-01 cpu-01"],
  [["--limit", "2"], "cpu-01 gpu-01"],
  [["--sort", "-labels"], "cpu-01 gpu-02 gpu-01"],
  [["gpu-02", "cpu-01"], "gpu-02 cpu-01"],
])("get hives -o name %j is %s", async (args, ids) => {
  const { code, stdout } = await get("-o", "name", ...args);
  expect({ code, ids: stdout.trim().replaceAll("\n", " ") }).toEqual({ code: 0, ids });
});

test("JSON is what the queen answers, as one document or a line each; YAML says the same", async () => {
  const { hives } = await new QueenClient({ url: queen.url }).listFleet();
  const ids = hives.map(({ hive }) => hive.id);
  const document = JSON.parse((await get("-o", "json")).stdout);
  expect(document).toMatchObject({
    hives: ids.map((id) => ({ hive: { id } })),
    next_after: null,
    totals: { total: 3 },
  });
  expect(Object.keys(document.hives[0])).toEqual(Object.keys(hives[0] ?? {}));
  expect((await get("--json", "--limit", "1")).stdout).toContain('"next_after":"');
  const lines = (await get("-o", "jsonl")).stdout.trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).hive.id)).toEqual(ids);
  const yaml = parse((await get("-o", "yaml")).stdout);
  expect(yaml).toMatchObject({ hives: ids.map((id) => ({ hive: { id } })), next_after: null, totals: { total: 3 } });
  expect(Object.keys(yaml)).toEqual(Object.keys(document));
  expect(parse((await get("-o", "yaml", "-l", "rack=r99")).stdout)).toMatchObject({ hives: [], totals: { total: 3 } });
});

test("- stands for the ids on stdin, each once", async () => {
  const { code, stdout } = await hivectl(
    ["get", "hives", "-o", "name", "gpu-02", "-"],
    { QUEEN_URL: queen.url },
    "gpu-01\ngpu-02 cpu-01\n",
  );
  expect({ code, stdout }).toEqual({ code: 0, stdout: "gpu-02\ngpu-01\ncpu-01\n" });
});

test("none is said on stderr, and is no failure; a name that is none is one", async () => {
  expect(await get("-l", "rack=r99")).toEqual({
    code: 0,
    stdout: "",
    stderr: "hivectl: none of 3 hives is as asked for\n",
  });
  const missing = (id: string) => `hivectl: HIVE_NOT_FOUND: There is no hive "${id}"\n`;
  const next = (id: string) =>
    `hivectl: \`hivectl get hives\` lists those that there are, and \`hivectl get events ${id}\` says whether it was removed\n`;
  const one = { stderr: missing("nope") + next("nope") };
  expect(await get("nope")).toEqual({ code: 1, stdout: "", ...one });
  expect(await get("nope", "gpu-01")).toMatchObject({ code: 3, stdout: expect.stringContaining("gpu-01"), ...one });
  expect(await get("nope", "gone")).toMatchObject({ stderr: missing("nope") + missing("gone") + next("ID") });
});

test("what cannot be asked is said with its code and an example, and ends with 2", async () => {
  for (const args of [
    ["-l", "rack in"],
    ["--gpu", "foo:bar"],
    ["--ram", "much"],
    ["--cores", "many"],
  ]) {
    expect(await get(...args)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(new RegExp(`^hivectl: INVALID_ARGUMENT: .*\nhivectl: as in ${args[0]} .*\n$`)),
    });
  }
  for (const args of [
    ["--limit", "0"],
    ["--sort", "colour"],
    ["--status", "lost"],
    ["gpu-01", "--cordoned"],
    ["-o", "xml"],
    ["-w", "--json"],
  ]) {
    expect(await get(...args)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(/^hivectl: .*\n$/) });
  }
});

test("a queen does not take the variables of hivectl for mistakes", async () => {
  const env = {
    QUEEN_URL: queen.url,
    QUEEN_TOKEN_FILE: "/no",
    QUEEN_CA: "/no",
    QUEEN_DATABASE: `${queen.folder}/other.db`,
  };
  await using other: Daemon = spawnQueen([], env);
  await other.origin();
  expect(other.logLines.filter(({ msg }) => msg.includes("is no setting"))).toEqual([]);
});

test("a hive that another program damaged is left out, which is said, and stands beside the others in data", async () => {
  await new QueenClient({ url: queen.url }).addHive({ id: "damaged", host: "127.0.0.1", port: 1 });
  const other = createClient({ url: `file:${queen.folder}/hives.db` });
  await other.execute("UPDATE hives SET port = 0 WHERE id = 'damaged'");
  const { code, stdout, stderr } = await get("--json");
  await other.execute("DELETE FROM hives WHERE id = 'damaged'");
  other.close();
  expect({ code, damaged: JSON.parse(stdout).damaged }).toMatchObject({
    code: 0,
    damaged: [{ id: "damaged", column: "port" }],
  });
  expect(stderr).toMatch(/^hivectl: damaged is left out: its port is damaged: /);
});

test("ids of any length are found by name, each in its place", async () => {
  const long = Array.from({ length: 120 }, (_, at) => `${"long-".repeat(23)}${at}`);
  const ids = [...long.slice(0, 50), "gpu-01", ...long.slice(50)];
  const client = new QueenClient({ url: queen.url });
  for (const id of long) await client.addHive({ id, host: "127.0.0.1", port: 1 });
  const { code, stdout } = await hivectl(
    ["get", "hives", "-", "nope", "-o", "name"],
    { QUEEN_URL: queen.url },
    ids.join("\n"),
  );
  expect({ code, ids: stdout.trimEnd().split("\n") }).toEqual({ code: 3, ids });
});
