import { QueenClient } from "@repo/queen-client";
import { expect, test } from "vitest";
import { storeOddHive } from "../../queen/test/odd-hive.ts";
import { queenProcesses } from "../../queen/test/queen-processes.ts";
import { until } from "../../queen/test/until.ts";
import { breakingProxy } from "./breaking-proxy.ts";
import { hivectl, hivectlProcess, inTerminal } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";

const queen = queenForAll();
const queens = queenProcesses();
const describe = async (id: string, ...args: string[]) =>
  (await hivectl(["describe", "hive", id, ...args], { QUEEN_URL: queen.url })).stdout;

async function addHives(...ids: string[]): Promise<QueenClient> {
  const client = new QueenClient({ url: queen.url });
  for (const id of ids) await client.addHive({ id, host: "127.0.0.1", port: 1 });
  return client;
}

test("describe hive ends with the last events of that hive, and says since when events are kept", async () => {
  const client = await addHives("gpu-01", "gpu-02");
  const { id } = await client.stopHive("gpu-01");
  await until("it has ended", async () => (await client.getOperation(id)).finished_at_ms !== null);
  await client.cordonHive("gpu-01", { reason: "新しいファン" });
  await client.cordonHive("gpu-02", { reason: "another one" });
  const { stdout } = await inTerminal(["describe", "hive", "gpu-01"], { QUEEN_URL: queen.url }, { columns: 80 });
  expect(stdout).toMatch(
    /\n\nOperations:\n {2}stop-\w+ .*\n(?: {2}.*\n)*\nEvents, kept since \d+[sm] ago:\n {2}\d+s ago +hive_added +127\.0\.0\.1:1\n(?: {2}.*\n)* {2}\d+s ago +cordon +新しいファン\n$/,
  );
  expect(stdout).not.toContain("another one");
  expect(await describe("gpu-01")).toMatch(/^Events, kept since 2\d{3}-\S+Z:\n {2}2\d{3}-\S+Z {2}hive_added /m);
});

test("of many events it shows the last ten, and how to see those before them", async () => {
  const client = await addHives("busy");
  for (let at = 0; at < 12; at += 1) await client.changeHive("busy", { labels: { at: String(at) } });
  const text = await describe("busy");
  const [, before, events = ""] =
    /^Events, kept since \S+:\n {2}… (\d+) before these: hivectl get events busy\n((?: {2}.*\n)*)/m.exec(text) ?? [];
  const lines = events.trimEnd().split("\n");
  const all = (await hivectl(["get", "events", "busy", "--no-headers"], { QUEEN_URL: queen.url })).stdout
    .trimEnd()
    .split("\n");
  expect(lines).toHaveLength(10);
  expect(Number(before)).toBe(all.length - 10);
  expect(lines.at(-1)).toContain("labels at=11");
});

test("of a hive whose id another program gave a comma, its own events are shown, and not those of two others", async () => {
  const client = await addHives("gpu-07", "gpu-08");
  await storeOddHive(`${queen.folder}/hives.db`, "gpu-07,gpu-08");
  await client.cordonHive("gpu-07", { reason: "another one" });
  await client.cordonHive("gpu-07,gpu-08", { reason: "new fans" });
  const [, events = ""] = /^Events, kept since \S+:\n((?: {2}.*\n)*)/m.exec(await describe("gpu-07,gpu-08")) ?? [];
  expect(events.match(/(?<= {2}cordon +)\S.*/g)).toEqual(["new fans"]);
});

test("as data it is what the queen answers, with the events as get events has them", async () => {
  const client = await addHives("gpu-05");
  const said = JSON.parse(await describe("gpu-05", "-o", "json"));
  expect(Object.keys(said)).toEqual(["hive", "state", "liveness", "operations", "events"]);
  expect(said.hive).toEqual(await client.getHive("gpu-05"));
  const { stdout } = await hivectl(["get", "events", "gpu-05", "-o", "json"], { QUEEN_URL: queen.url });
  const asId = ({ id, type }: { id: string; type: string }) => ({ id, type });
  expect(said.events.map(asId)).toEqual(JSON.parse(stdout).events.map(asId));
});

test("where no event of it is kept, it says since when they are, and that is the start of the queen", async () => {
  const first = await queens.open();
  const client = new QueenClient({ url: first.url });
  await client.addHive({ id: "gpu-01", host: "127.0.0.1", port: 1 });
  await first.stop();
  const beganMs = Date.now();
  const { url } = await queens.open();
  // Of her clock: that of the caller is an hour late.
  const NODE_OPTIONS = "--import=data:text/javascript,const{now}=Date;Date.now=()=>now()-3600000";
  const { stdout } = await hivectlProcess(["describe", "hive", "gpu-01"], { QUEEN_URL: url, NODE_OPTIONS });
  const [, since = ""] = /^Events: none since (2\S+Z); what happened before is not kept$/m.exec(stdout) ?? [];
  expect(Date.parse(since)).toBeGreaterThanOrEqual(beganMs);
});

test("of a queen who keeps the newest alone, it says since when those are", async () => {
  const { url, events } = await queens.open({ QUEEN_HEALTH_INTERVAL_MS: "3600000" });
  const client = new QueenClient({ url });
  await client.addHive({ id: "old", host: "127.0.0.1", port: 1 });
  const beganMs = Date.now();
  for (let at = 0; at < 21_000; at += 1) events.publish("hive_removed", { hive_id: "another" });
  await client.addHive({ id: "new", host: "127.0.0.1", port: 1 });
  const describeThere = async (id: string) => (await hivectl(["describe", "hive", id], { QUEEN_URL: url })).stdout;
  const [, since = ""] =
    /^Events: none since (\S+); what happened before is not kept$/m.exec(await describeThere("old")) ?? [];
  expect(Date.parse(since)).toBeGreaterThan(beganMs);
  const newest = await describeThere("new");
  expect(newest).toMatch(new RegExp(`^Events, kept since ${since}:\n {2}\\S+ {2}hive_added `, "m"));
});

test("a queen who takes no more readers of events keeps back none of the rest", async () => {
  const streams = await Promise.all(Array.from({ length: 100 }, () => fetch(`${queen.url}/v1/events`)));
  const { code, stdout } = await hivectl(["describe", "hive", "gpu-01"], { QUEEN_URL: queen.url });
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^Id: +gpu-01\n(?:.*\n)*Events: not known: TOO_MANY_READERS: /),
  });
  expect(JSON.parse(await describe("gpu-01", "-o", "json")).events).toBeNull();
  await Promise.all(streams.map(({ body }) => body?.cancel()));
});

test("where something before the queen holds her events back, they are given up after --timeout, and the rest is shown", async () => {
  await addHives("held");
  const proxy = await breakingProxy(queen.url);
  proxy.holdBack(/^\/v1\/events/);
  const inTime = (...args: string[]) => hivectl([...args, "--timeout", "1s"], { QUEEN_URL: proxy.url });
  const { code, stdout } = await inTime("describe", "hive", "held");
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^Id: +held\n(?:.*\n)*Events: not known: .*nothing came for 1000 ms/),
  });
  expect(await inTime("get", "events")).toMatchObject({ code: 1, stderr: expect.stringContaining("nothing came for") });
});
