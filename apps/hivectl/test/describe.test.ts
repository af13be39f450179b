import { QueenClient } from "@repo/queen-client";
import { expect, test } from "vitest";
import { deadPort, startHive } from "../../queen/test/hive-server.ts";
import { postJson, queenProcesses } from "../../queen/test/queen-processes.ts";
import { workerJson } from "../../queen/test/test-queen.ts";
import { until } from "../../queen/test/until.ts";
import { hivectl } from "./hivectl.ts";

const queens = queenProcesses();
const describing = (url: string) => async (id: string) =>
  (await hivectl(["describe", "hive", id], { QUEEN_URL: url })).stdout;
const says = (text: string, line: RegExp) => line.test(text) && text;

test("describe hive says of what its health checks have shown whether it is reachable, and nothing else", async () => {
  const env = { QUEEN_ALLOWED_HOSTS: "127.0.0.0/8", QUEEN_HEALTH_INTERVAL_MS: "1000" };
  const { url } = await queens.open(env);
  const client = new QueenClient({ url });
  const describe = describing(url);
  await client.addHive({ id: "strange", host: "10.255.255.1", port: 1 });
  expect(await describe("strange")).toMatch(/^Reachable: +not allowed: its host is none .*QUEEN_ALLOWED_HOSTS/m);
  const hive = await startHive();
  await client.addHive({ id: "there", host: "127.0.0.1", port: hive.port });
  await client.addHive({ id: "dead", host: "127.0.0.1", port: await deadPort() });
  await until("it is", async () => says(await describe("there"), /^Reachable: +yes$/m));
  await until("it is not", async () => says(await describe("dead"), /^Reachable: +no, since 2/m));
});

test("describe hive says nothing of whether a hive is reachable that was never checked", async () => {
  const { url } = await queens.open({ QUEEN_HEALTH_INTERVAL_MS: "3600000" });
  // The first round, of no hive, is over.
  await until("it is ready", async () => (await fetch(`${url}/health/ready`)).ok);
  await new QueenClient({ url }).addHive({ id: "new", host: "127.0.0.1", port: 1 });
  expect(await describing(url)("new")).toMatch(/^Reachable: +-$/m);
});

test("workers that are heard no more are told as the last heartbeat told them, with its age", async () => {
  const { url } = await queens.open({ QUEEN_STALE_AFTER_MS: "1000" });
  const describe = describing(url);
  await new QueenClient({ url }).addHive({ id: "gpu-01", host: "127.0.0.1", port: await deadPort() });
  await until("its workers are told", async () => {
    const timestamp = new Date().toISOString();
    await postJson(`${url}/v1/heartbeat`, { hive_id: "gpu-01", timestamp, workers: [workerJson()] });
    return says(await describe("gpu-01"), /^Workers:$/m);
  });
  await until("it is stale", async () =>
    says(await describe("gpu-01"), /^Workers, as its last heartbeat told \(2\S+Z\):$/m),
  );
});

test("describe hive says what still runs on each of its workers, and what is not known", async () => {
  const { url } = await queens.open();
  await new QueenClient({ url }).addHive({ id: "gpu-01", host: "127.0.0.1", port: await deadPort() });
  const workers = [workerJson({ worker_id: "w1", running: 1, slots: 4 }), workerJson({ worker_id: "w2" })];
  await postJson(`${url}/v1/heartbeat`, { hive_id: "gpu-01", timestamp: new Date().toISOString(), workers });
  expect(await describing(url)("gpu-01")).toMatch(/^ {2}w1 {2}Idle {2}1\/4 running {2}\S.*\n {2}w2 {2}Idle {2}- {2}/m);
});

test("describe hive says of a clock that is off by how much, and of one that is not nothing", async () => {
  const { url } = await queens.open();
  const describe = describing(url);
  await new QueenClient({ url }).addHive({ id: "gpu-01", host: "127.0.0.1", port: await deadPort() });
  for (const [offMs, line] of [
    [7_230_000, "2h ahead of"],
    [-7_230_000, "2h behind"],
  ] as const) {
    const timestamp = new Date(Date.now() + offMs).toISOString();
    await postJson(`${url}/v1/heartbeat`, { hive_id: "gpu-01", timestamp, workers: [] });
    expect(await describe("gpu-01")).toMatch(new RegExp(`^Clock: +${line} the queen's$`, "m"));
  }
  await postJson(`${url}/v1/heartbeat`, { hive_id: "gpu-01", timestamp: new Date().toISOString(), workers: [] });
  expect(await describe("gpu-01")).not.toContain("Clock:");
});

test("get events leaves out what beats bring, unless it is asked for, and says of a change what it was", async () => {
  const { url } = await queens.open();
  const events = async (...args: string[]) => (await hivectl(["get", "events", ...args], { QUEEN_URL: url })).stdout;
  const client = new QueenClient({ url });
  await client.addHive({ id: "gpu-01", host: "127.0.0.1", port: 1 });
  await postJson(`${url}/v1/heartbeat`, { hive_id: "gpu-01", timestamp: new Date().toISOString(), workers: [] });
  await client.changeHive("gpu-01", { ssh_host: "127.0.0.1" });
  await client.changeHive("gpu-01", { labels: { rack: "r1" } });
  const text = await events();
  expect(text).not.toContain("workers");
  expect(text).toMatch(/gpu-01 +hive_changed +address\n/);
  expect(text).toMatch(/gpu-01 +hive_changed +labels rack=r1\n/);
  expect(await events("--kind", "workers")).toMatch(/gpu-01 +workers +none\n$/);
});

test("status says when a cordon ends, and proposes to lift one without an end alone", async () => {
  const { url } = await queens.open();
  const client = new QueenClient({ url });
  for (const id of ["gpu-01", "gpu-02"]) await client.addHive({ id, host: "127.0.0.1", port: 1 });
  await client.cordonHive("gpu-01", { reason: "new fans", for: "2h" });
  const status = async () => (await hivectl(["status"], { QUEEN_URL: url })).stdout;
  const text = await status();
  expect(text).toMatch(/^ {2}gpu-01 +unknown,cordoned +2\S+Z {2}new fans, ends 2\S+Z$/m);
  expect(text).not.toContain("uncordon");
  await client.cordonHive("gpu-02", { reason: "new disk" });
  for (const id of ["gpu-01", "gpu-02"]) await client.changeHive(id, { status: "online" });
  expect(await status()).toMatch(/^ {2}hivectl uncordon gpu-02 /m);
});

test("describe hive says until when a hive is on probation", async () => {
  const env = { QUEEN_FLAP_CHANGES: "1", QUEEN_STALE_AFTER_MS: "1000", QUEEN_HEALTH_INTERVAL_MS: "500" };
  const { url } = await queens.open(env);
  const client = new QueenClient({ url });
  await client.addHive({ id: "gpu-01", host: "127.0.0.1", port: await deadPort() });
  const beat = () =>
    postJson(`${url}/v1/heartbeat`, { hive_id: "gpu-01", timestamp: "2025-10-21T10:00:00Z", workers: [] });
  await beat();
  expect(await describing(url)("gpu-01")).not.toContain("Probation:");
  await until("it is offline", async () => (await client.getHive("gpu-01")).status === "offline");
  await beat();
  expect(await describing(url)("gpu-01")).toMatch(/^Probation: +until 2\S+Z: it went on and off too often$/m);
});
