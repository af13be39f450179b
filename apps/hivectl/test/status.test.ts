import { createClient } from "@libsql/client";
import { QueenClient } from "@repo/queen-client";
import { expect, onTestFinished, test } from "vitest";
import { postJson, queenProcesses } from "../../queen/test/queen-processes.ts";
import { until } from "../../queen/test/until.ts";
import { hivectl } from "./hivectl.ts";

const queens = queenProcesses();
const HIVE = { host: "127.0.0.1", port: 1 };

test("status counts, names who needs attention and why, and says what to do next", async () => {
  const { url } = await queens.open();
  const client = new QueenClient({ url });
  const status = async (...args: string[]) => (await hivectl(["status", ...args], { QUEEN_URL: url })).stdout;
  expect(await status()).toContain("no hives");
  await client.addHive({ ...HIVE, id: "gpu-01", status: "online" });
  await client.addHive({ ...HIVE, id: "gpu-02", status: "offline" });
  await client.addHive({ ...HIVE, id: "gpu-03" });
  await client.addHive({ ...HIVE, id: "gpu-04", ssh_host: "127.0.0.1", ssh_port: 1 });
  await client.cordonHive("gpu-01", { reason: "new fans" });
  const text = await status();
  expect(text).toContain(`Fleet at ${url}: 4 hives, 1 online, 1 offline, 2 unknown, 1 cordoned`);
  expect(text).toMatch(/^Offline:\n {2}gpu-02 {2}offline {2}\S+ {2}\S/m);
  expect(text).toMatch(/^Cordoned:\n {2}gpu-01 {2}online,cordoned {2}2\S+Z {2}new fans$/m);
  expect(text).toMatch(
    /^Next:\n {2}hivectl describe hive gpu-02 {2}says what its health checks met\n {2}hivectl describe hive gpu-03 /m,
  );
  expect(text).not.toContain("uncordon gpu-01");
  expect(JSON.parse(await status("--json"))).toMatchObject({
    queen: url,
    totals: { total: 4, offline: 1 },
    offline: [{ hive: { id: "gpu-02" } }],
    unknown: [{ hive: { id: "gpu-03" } }, { hive: { id: "gpu-04" } }],
    cordoned: [{ hive: { id: "gpu-01" } }],
    not_beating: [],
    running: [],
  });
  for (const id of ["gpu-02", "gpu-03", "gpu-04"]) await client.changeHive(id, { status: "online" });
  expect(await status()).toMatch(/^Next:\n {2}hivectl uncordon gpu-01 {2}gives it work again, once that for .*\n$/m);
});

test("status proposes to start the agent of an offline hive where a queen has operated on it; after a failure it says what she said of that", async () => {
  const { url } = await queens.open({ QUEEN_PUBLIC_URL: "http://127.0.0.1:1" });
  const client = new QueenClient({ url });
  await client.addHive({ ...HIVE, id: "gpu-01", status: "offline" });
  await client.addHive({ ...HIVE, id: "gpu-02", status: "offline", ssh_host: "127.0.0.1", ssh_port: 1 });
  const after = async ({ id }: { id: string }) => {
    await until("it has failed", async () => (await client.getOperation(id)).state === "failed");
    return (await hivectl(["status"], { QUEEN_URL: url })).stdout;
  };
  const stopped = await after(await client.stopHive("gpu-02"));
  expect(stopped).toMatch(/^Next:\n {2}hivectl start gpu-02 {2}starts its agent again\n$/m);
  const started = await after(await client.startHive("gpu-02"));
  expect(started).toMatch(/^ {2}gpu-02 {2}offline .*; its start failed$/m);
  expect(started).toMatch(
    /^Next:\n {2}hivectl describe operation start-\w+ {2}says why its start failed; next: \w.*\n$/m,
  );
  await client.changeHive("gpu-02", { status: "unknown" });
  const installed = await after(await client.installHive("gpu-02"));
  expect(installed).toMatch(
    /^Next:\n {2}hivectl describe hive gpu-01 .*\n {2}hivectl describe operation install-\w+ {2}says why its install failed; next: \w/m,
  );
});

test("what failed before a hive beat again is not why it is offline now", async () => {
  const { url } = await queens.open({ QUEEN_PUBLIC_URL: "http://127.0.0.1:1" });
  const client = new QueenClient({ url });
  await client.addHive({ ...HIVE, id: "gpu-01", ssh_host: "127.0.0.1", ssh_port: 1 });
  const { id } = await client.startHive("gpu-01");
  await until("it has failed", async () => (await client.getOperation(id)).state === "failed");
  await postJson(`${url}/v1/heartbeat`, { hive_id: "gpu-01", timestamp: new Date().toISOString(), workers: [] });
  await client.changeHive("gpu-01", { status: "offline" });
  const { stdout } = await hivectl(["status"], { QUEEN_URL: url });
  expect(stdout).toMatch(/^ {2}gpu-01 {2}offline /m);
  expect(stdout).not.toContain("failed");
  expect(stdout).toMatch(/^Next:\n {2}hivectl start gpu-01 {2}starts its agent again\n$/m);
});

test("status says above all that the queen can store nothing, and why, until that is over", async () => {
  const QUEEN_URL = await queens.start().origin();
  await new QueenClient({ url: QUEEN_URL }).addHive({ ...HIVE, id: "gpu-01", status: "online" });
  const status = async (...args: string[]) => (await hivectl(["status", ...args], { QUEEN_URL })).stdout;
  const other = createClient({ url: `file:${queens.file}` });
  onTestFinished(() => other.close());
  const lock = await other.transaction("write");
  expect(await status()).toMatch(
    /^The queen is not ready: the catalog takes no change: another process .*\n\nFleet at /,
  );
  expect(JSON.parse(await status("--json"))).toMatchObject({ not_ready: expect.stringContaining("another process") });
  await lock.rollback();
  expect(await status()).toMatch(/^Fleet at /);
  expect(JSON.parse(await status("--json"))).toMatchObject({ not_ready: null, health: { other_queens: 0 } });
});

test("status says that another queen runs on the catalog, and what to do", async () => {
  const { url: QUEEN_URL } = await queens.open();
  await queens.start().origin();
  const text = await until("they have noticed each other", async () => {
    const { stdout } = await hivectl(["status"], { QUEEN_URL });
    return !stdout.startsWith("Fleet at") && stdout;
  });
  expect(text).toMatch(
    /^Another queen runs on this catalog, .* stop the others, which each names in her log\.\n\nFleet at /,
  );
}, 60_000);

test("status says of those that are unknown what they wait for, and how they get an agent", async () => {
  const { url } = await queens.open();
  const client = new QueenClient({ url });
  const status = async () => (await hivectl(["status"], { QUEEN_URL: url })).stdout;
  for (let at = 1; at <= 12; at += 1) {
    await client.addHive({ ...HIVE, id: `gpu-${at + 10}`, ssh_host: "127.0.0.1", ssh_port: 1 });
  }
  const text = await status();
  expect(text).toMatch(/^Unknown until they beat or answer a health check:\n {2}gpu-11 {2}unknown {2}- {2}it was /m);
  expect(text).toMatch(/^ {2}gpu-20 .*\n {2}… and 2 more$/m);
  expect(text).toMatch(/^ {2}hivectl install gpu-11 {2}puts an agent there/m);
  await client.changeHive("gpu-11", { ssh_host: null, ssh_port: null });
  expect(await status()).toMatch(/^ {2}hivectl describe hive gpu-11 {2}says what it waits for$/m);
});

test("status names those that are online though their port does not answer, and what tells why", async () => {
  const { url } = await queens.open({ QUEEN_HEALTH_INTERVAL_MS: "200" });
  await new QueenClient({ url }).addHive({ id: "gpu-01", host: "127.0.0.1", port: 1, status: "online" });
  const text = await until("its port was tried", async () => {
    const { stdout } = await hivectl(["status"], { QUEEN_URL: url });
    return stdout.includes("1 unreachable") && stdout;
  });
  expect(text).toMatch(/^Online, but their port does not answer:\n {2}gpu-01 {2}online,unreachable {2}2\S+Z$/m);
  expect(text).toMatch(/^ {2}hivectl describe hive gpu-01 {2}says what its health checks met$/m);
});

test("status names the hives of which workers are in error, and what says more", async () => {
  const { url } = await queens.open();
  const client = new QueenClient({ url });
  const worker = (worker_id: string, state: "Error" | "Idle") => ({
    worker_id,
    state,
    backend: "cuda",
    model_id: `model-of-${worker_id}`,
    health_status: "healthy",
    last_heartbeat: new Date().toISOString(),
  });
  for (const [id, states] of [
    ["gpu-02", ["Error", "Error"]],
    ["gpu-01", ["Idle", "Error"]],
    ["gpu-03", ["Idle"]],
  ] as const) {
    await client.addHive({ ...HIVE, id });
    const workers = states.map((state, at) => worker(`w${at}`, state));
    await postJson(`${url}/v1/heartbeat`, { hive_id: id, timestamp: new Date().toISOString(), workers });
  }
  const text = (await hivectl(["status"], { QUEEN_URL: url })).stdout;
  expect(text).toMatch(/^Workers in error:\n {2}gpu-01 {2}model-of-w1\n {2}gpu-02 {2}model-of-w0, model-of-w1\n\n/m);
  expect(text).toMatch(/^ {2}hivectl get workers --state error {2}shows them$/m);
  const { in_error } = JSON.parse((await hivectl(["status", "--json"], { QUEEN_URL: url })).stdout);
  expect(in_error.map(({ hive_id }: { hive_id: string }) => hive_id).toSorted()).toEqual([
    "gpu-01",
    "gpu-02",
    "gpu-02",
  ]);
});

test("describe hive shows its record, why it is as it is, and its last operations", async () => {
  const { url } = await queens.open();
  const client = new QueenClient({ url });
  const devices = { cpu: { cores: 16, ram_gb: 64 }, gpus: [{ index: 0, name: "NVIDIA L4", vram_gb: 22 }] };
  await client.addHive({ ...HIVE, id: "gpu-01", status: "online", labels: { rack: "r12" }, devices });
  await client.cordonHive("gpu-01", { reason: "new fans" });
  const describe = (id: string, ...args: string[]) => hivectl(["describe", "hive", id, ...args], { QUEEN_URL: url });
  const { code, stdout } = await describe("gpu-01");
  const facts = Object.fromEntries(stdout.split("\n").map((line) => line.split(/: +/)));
  expect(code).toBe(0);
  expect(facts).toMatchObject({
    Id: "gpu-01",
    Address: "127.0.0.1:1",
    Labels: "rack=r12",
    Cordon: "new fans",
    CPU: "16 cores, 64 GB of RAM",
    "GPU 0": "NVIDIA L4, 22 GB",
  });
  expect(stdout).toMatch(/^Status: +online: .*\(set_by_operator\)$/m);
  expect(stdout).toMatch(/^Takes work: +no: it is cordoned: new fans$/m);
  expect(JSON.parse((await describe("gpu-01", "-o", "json")).stdout)).toMatchObject({
    hive: { id: "gpu-01" },
    state: { cordon: { reason: "new fans" } },
    liveness: { rule: "set_by_operator" },
    operations: [],
  });
  expect(await describe("nope")).toEqual({
    code: 1,
    stdout: "",
    stderr:
      'hivectl: HIVE_NOT_FOUND: There is no hive "nope"\nhivectl: `hivectl get hives` lists those that there are, and `hivectl get events nope` says whether it was removed\n',
  });
});
