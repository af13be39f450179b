import { readFileSync } from "node:fs";
import { createClient } from "@libsql/client";
import { HiveCatalog } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, test } from "vitest";
import { deadPort, startHive } from "../../test/hive-server.ts";
import { startServerCatalog } from "../../test/server-catalog.ts";
import { addHive, beat, beatJson, startTestQueen, type TestQueen, workerJson } from "../../test/test-queen.ts";
import { until } from "../../test/until.ts";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const OPERATIONS = readFileSync(new URL("../../../../docs/operations.md", import.meta.url), "utf8");
const LINE = /^([a-z_]+)(?:\{([a-z_]+="[^"\\\n]*"(?:,[a-z_]+="[^"\\\n]*")*)\})? (-?[\d.e+-]+|NaN|\+Inf)$/;

/** The page by series: `name{label="value"}` → number. Throws on a line that Prometheus would not read. */
async function scrape(queen: TestQueen): Promise<Map<string, number>> {
  const { statusCode, payload, headers } = await queen.app.inject({ method: "GET", url: "/metrics" });
  expect(statusCode).toBe(200);
  expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(payload.endsWith("\n")).toBe(true);
  const series = payload.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    series.map((line) => {
      const [, name = "", labels, value] = LINE.exec(line) ?? [];
      if (name === "") throw new Error(`no line of Prometheus: ${line}`);
      return [labels === undefined ? name : `${name}{${labels}}`, Number(value)];
    }),
  );
}

test("counts beats, groups, commits and changes of status from the start on", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  await addHive(queen, 8600, { id: "b" });
  await Promise.all([beat(queen), beat(queen, "b"), beat(queen, "nobody")]);
  await queen.request("POST", "/v1/heartbeat", { hive_id: 1 });
  const page = await scrape(queen);
  expect(page.get('queen_heartbeats_total{result="stored"}')).toBe(2);
  expect(page.get('queen_heartbeats_total{result="unknown_hive"}')).toBe(1);
  expect(page.get("queen_heartbeat_group_size_sum")).toBe(3);
  expect(page.get("queen_heartbeat_group_size_count")).toBe(page.get("queen_heartbeat_commit_seconds_count"));
  expect(page.get("queen_heartbeat_commit_seconds_sum")).toBeGreaterThan(0);
  queen.metrics.onCommit({ size: 1, durationMs: 3_600_000 });
  expect((await scrape(queen)).get("queen_heartbeat_commit_seconds_sum")).toBeCloseTo(3600, -2);
  expect(page.get("queen_heartbeats_waiting")).toBe(0);
  expect(page.get('queen_status_changes_total{status="online"}')).toBe(2);
  expect(page.get('queen_hives{status="online"}')).toBe(2);
  expect(page.get('queen_hives{status="offline"}')).toBe(0);
  expect(page.get('queen_problems_total{code="HIVE_NOT_FOUND"}')).toBe(1);
  expect(page.get('queen_problems_total{code="INVALID_ARGUMENT"}')).toBe(1);
});

test("the processor time is that of the whole process, not of the time since the first reading", async () => {
  await using queen = await startTestQueen();
  const before = process.cpuUsage();
  const page = await scrape(queen);
  const user = page.get("process_cpu_user_seconds_total") ?? 0;
  const system = page.get("process_cpu_system_seconds_total") ?? 0;
  expect(user).toBeGreaterThanOrEqual(before.user / 1e6);
  expect(system).toBeGreaterThanOrEqual(before.system / 1e6);
  expect(page.get("process_cpu_seconds_total")).toBeCloseTo(user + system);
});

test("the buckets of a histogram are cumulative and end with the count", async () => {
  await using queen = await startTestQueen();
  for (const seconds of [0.0005, 0.0006, 3, 11]) queen.metrics.probeSeconds.observe(seconds);
  const page = await scrape(queen);
  const bucket = (le: string) => page.get(`queen_probe_seconds_bucket{le="${le}"}`);
  expect(["0.0005", "0.001", "2.5", "5", "10", "+Inf"].map(bucket)).toEqual([1, 2, 2, 3, 3, 4]);
  expect(page.get("queen_probe_seconds_count")).toBe(4);
  expect(page.get("queen_probe_seconds_sum")).toBeCloseTo(14.0011);
});

test("shows how many beats wait for the catalog", async () => {
  await using folder = await temporaryFolder();
  const url = `file:${folder.path}/hives.db`;
  await using queen = await startTestQueen({ catalog: await HiveCatalog.open(url) });
  await addHive(queen, 8600);
  const other = createClient({ url });
  const lock = await other.transaction("write");
  const beats = Promise.all(Array.from({ length: 5 }, () => beat(queen)));
  await until("all of them wait", async () => (await scrape(queen)).get("queen_heartbeats_waiting") === 5);
  await lock.rollback();
  other.close();
  await beats;
  expect((await scrape(queen)).get("queen_heartbeats_waiting")).toBe(0);
});

test("counts health checks by what they showed", async () => {
  await using queen = await startTestQueen();
  const hive = await startHive();
  await addHive(queen, hive.port, { id: "answers" });
  await addHive(queen, await deadPort(), { id: "dead" });
  await addHive(queen, 8600, { id: "elsewhere", host: "10.0.0.1" });
  await queen.watch.runRound();
  const page = await scrape(queen);
  const outcomes = ["answered", "failed", "refused"];
  expect(outcomes.map((outcome) => page.get(`queen_probes_total{outcome="${outcome}"}`))).toEqual([1, 1, 1]);
  expect(page.get("queen_probe_seconds_count")).toBe(2);
});

test("observes the delay of the event loop", async () => {
  await using queen = await startTestQueen();
  const observed = async () => (await scrape(queen)).get("queen_event_loop_delay_seconds_count") ?? 0;
  expect(await until("it was observed", async () => (await observed()) > 0)).toBe(true);
});

test("counts what the queen went through as a whole", async () => {
  await using queen = await startTestQueen();
  await queen.watch.sweep();
  queen.clock.advance(60_000);
  await queen.watch.sweep();
  const page = await scrape(queen);
  expect(page.get('queen_liveness_notices_total{kind="stalled"}')).toBe(1);
  expect(page.get('queen_liveness_notices_total{kind="mass_failure"}')).toBe(0);
});

test("more hives make no more series", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  await beat(queen);
  // What the second page says of node itself may differ from the first.
  const names = async () => [...(await scrape(queen)).keys()].filter((name) => name.startsWith("queen_"));
  const before = await names();
  for (const id of ["b", "c", "d"]) {
    await addHive(queen, 8600, { id });
    await queen.request("POST", "/v1/heartbeat", beatJson(id));
  }
  expect(await names()).toEqual(before);
  expect(before.join()).not.toContain("hive-a");
  // 0 would be a certificate that expired in 1970.
  expect(before).not.toContain("queen_tls_certificate_expiry_seconds");
});

test("has series of each hive where that is asked for, and drops those of a hive that was removed", async () => {
  await using queen = await startTestQueen({ metricsByHive: true });
  await addHive(queen, 8600);
  await addHive(queen, 8600, { id: "b" });
  await beat(queen);
  queen.clock.advance(1500);
  const page = await scrape(queen);
  expect(page.get('queen_hive_online{hive_id="hive-a"}')).toBe(1);
  expect(page.get('queen_hive_online{hive_id="b"}')).toBe(0);
  expect(page.get('queen_hive_heartbeat_age_seconds{hive_id="hive-a"}')).toBe(1.5);
  expect(page.has('queen_hive_heartbeat_age_seconds{hive_id="b"}')).toBe(false);
  await queen.request("DELETE", "/v1/hives/hive-a");
  expect((await scrape(queen)).has('queen_hive_online{hive_id="hive-a"}')).toBe(false);
});

const GPUS = [
  { index: 0, memory_total_bytes: 100, memory_used_bytes: 40, temperature_celsius: 61, power_watts: 231.5 },
  { index: 1, memory_total_bytes: 50 },
];

test("tells of the workers and GPUs of the live hives together, and of none when their beats are stale", async () => {
  await using queen = await startTestQueen();
  for (const id of ["a", "b"]) {
    await addHive(queen, 8600, { id });
    const workers = [workerJson(), workerJson({ worker_id: "2", state: "Busy" })];
    await queen.request("POST", "/v1/heartbeat", { ...beatJson(id, workers), gpus: GPUS });
  }
  const names = ['queen_workers{state="Idle"}', 'queen_workers{state="Error"}', "queen_gpus_measured"];
  const read = async () => {
    const page = await scrape(queen);
    return [...names, "queen_gpu_memory_total_bytes", "queen_gpu_memory_used_bytes"].map((name) => page.get(name));
  };
  expect(await read()).toEqual([2, 0, 2, 200, 80]);
  queen.clock.advance(60_000);
  expect(await read()).toEqual([0, 0, 0, 0, 0]);
});

test("counts who asked for a worker by what was found, and the claims that are held", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  await queen.request("POST", "/v1/heartbeat", beatJson("hive-a", [workerJson({ slots: 2, running: 0 })]));
  await queen.request("POST", "/v1/workers/claims", { model: "llama-3-8b", hold_ms: 5000 });
  for (let n = 0; n < 3; n++) await queen.request("GET", "/v1/workers/best?model=llama-3-8b");
  const page = await scrape(queen);
  const found = (what: string) => page.get(`queen_worker_requests_total{found="${what}"}`);
  expect(["claim", "worker", "nothing", "model_on_disk"].map(found)).toEqual([1, 1, 2, 0]);
  expect(page.get("queen_worker_claims")).toBe(1);
  queen.clock.advance(5000);
  expect((await scrape(queen)).get("queen_worker_claims")).toBe(0);
});

test("tells of the workers and GPUs of each hive where that is asked for, and of what is not known nothing", async () => {
  await using queen = await startTestQueen({ metricsByHive: true });
  await addHive(queen, 8600);
  await queen.request("POST", "/v1/heartbeat", { ...beatJson("hive-a", [workerJson()]), gpus: GPUS });
  const page = await scrape(queen);
  expect(page.get('queen_hive_workers{hive_id="hive-a",state="Idle"}')).toBe(1);
  expect(page.get('queen_hive_gpu_memory_used_bytes{hive_id="hive-a",gpu="0"}')).toBe(40);
  expect(page.get('queen_hive_gpu_power_watts{hive_id="hive-a",gpu="0"}')).toBe(231.5);
  expect(page.get('queen_hive_gpu_memory_total_bytes{hive_id="hive-a",gpu="1"}')).toBe(50);
  expect(page.has('queen_hive_gpu_memory_used_bytes{hive_id="hive-a",gpu="1"}')).toBe(false);
  expect(page.has('queen_hive_gpu_utilization_percent{hive_id="hive-a",gpu="0"}')).toBe(false);
});

test("a hive makes no more series than for 64 GPUs, whatever indexes it makes up from beat to beat", async () => {
  await using queen = await startTestQueen({ metricsByHive: true });
  await addHive(queen, 8600);
  const seen = new Set<string>();
  for (let beat = 0; beat < 3; beat++) {
    const gpus = Array.from({ length: 1024 }, (_, n) => ({ index: beat * 1024 + n, power_watts: 1 }));
    await queen.request("POST", "/v1/heartbeat", { ...beatJson("hive-a", []), gpus });
    for (const name of (await scrape(queen)).keys()) if (name.startsWith("queen_hive_gpu_")) seen.add(name);
  }
  expect(seen.size).toBe(64);
});

test("answers without the catalog, and says that it is gone", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  await queen.request("POST", "/v1/hives/hive-a/cordon", { reason: "loud" });
  const before = await scrape(queen);
  expect([before.get("queen_catalog_up"), before.get("queen_cordoned_hives")]).toEqual([1, 1]);
  await queen.catalog.close();
  const page = await scrape(queen);
  expect(page.get("queen_catalog_up")).toBe(0);
  expect(page.has("queen_cordoned_hives")).toBe(false);
  expect(page.has('queen_hives{status="unknown"}')).toBe(false);
});

test("does not wait for a catalog that hangs longer than whoever scrapes would, and says that it cannot be read", async () => {
  const { catalog, connection } = await startServerCatalog({ requestTimeoutMs: 2 ** 31 - 1 });
  await using queen = await startTestQueen({ catalog });
  expect((await scrape(queen)).get("queen_catalog_durable")).toBe(0);
  connection.cut = () => "never";
  const page = await scrape(queen);
  expect([page.get("queen_catalog_up"), page.has("queen_catalog_durable")]).toEqual([0, false]);
});

test("what the handbook alerts on is there from the start, so that the first of it is seen as an increase", async () => {
  await using queen = await startTestQueen();
  const { payload } = await queen.app.inject({ method: "GET", url: "/metrics" });
  const alerts = OPERATIONS.slice(OPERATIONS.indexOf("## Watch the queen"), OPERATIONS.indexOf("## Back up"));
  const named = new Set(alerts.match(/\b(?:queen|process)_[a-z_]+/g));
  expect(named.size).toBeGreaterThan(8);
  for (const name of named) expect(payload).toMatch(new RegExp(`^(?:# TYPE )?${name}[ {]`, "m"));
  const selected = [...alerts.matchAll(/\b(queen_[a-z_]+)\{([a-z]+)=~?"([^"]+)"/g)].flatMap(
    ([, name, label, values = ""]) => values.split("\\|").map((value) => `${name}{${label}="${value}"} `),
  );
  expect(selected.length).toBeGreaterThan(8);
  for (const series of selected) expect(payload).toContain(`\n${series}`);
});

test("each metric stands in the README, and each that stands there is a metric", async () => {
  await using queen = await startTestQueen({ metricsByHive: true });
  const { payload } = await queen.app.inject({ method: "GET", url: "/metrics" });
  const described = [...README.matchAll(/^\| `((?:queen|process|nodejs)_[a-z0-9_]+)`/gm)].map(([, name]) => name);
  const names = [...payload.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
  expect(described.toSorted()).toEqual(names.toSorted());
  for (const name of names) expect(payload).toMatch(new RegExp(`^# HELP ${name} \\S`, "m"));
});
