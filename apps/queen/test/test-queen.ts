import type { HiveCatalog } from "@repo/hive-catalog";
import { openTestCatalog } from "@repo/hive-catalog/testing";
import type { InjectOptions } from "fastify";
import { pino } from "pino";
import { readPage } from "../../../scripts/build/page.js";
import type { LivenessSettings } from "../src/fleet/liveness/liveness.ts";
import { WORKER_EXAMPLE } from "../src/http/routes/worker-answer.ts";
import { errorForLog } from "../src/process/errors.ts";
import { assembleQueen, type Queen, type QueenOptions } from "../src/queen.ts";
import { AllowedHosts } from "../src/reach/allowed-hosts.ts";
import { Names } from "../src/reach/names.ts";
import { Metrics } from "../src/telling/metrics.ts";
import { checkContract } from "./contract.ts";
import { FakeClock } from "./fake-clock.ts";

/** Those of a queen that is told nothing else. */
export const LIVENESS_SETTINGS: LivenessSettings = {
  healthIntervalMs: 30_000,
  staleAfterMs: 60_000,
  massFailureShare: 1 / 3,
  massFailureMin: 3,
  massFailureHoldMs: 300_000,
  flapChanges: 4,
  flapWindowMs: 600_000,
  probationMs: 120_000,
};

export const LIFECYCLE_SETTINGS: QueenOptions["lifecycle"] = {
  publicUrl: undefined,
  publicCa: undefined,
  ssh: { identity: undefined, knownHosts: undefined },
  programEnv: {},
};

/** One line of the log. */
type LogLine = Record<string, unknown> & { msg: string };

type JsonAnswer = { status: number; body: unknown; headers: Record<string, unknown> };

/** A queen on a real catalog in a temporary file, with a clock that the test moves. It contacts loopback alone. */
export interface TestQueen extends Queen, AsyncDisposable {
  catalog: HiveCatalog;
  clock: FakeClock;
  metrics: Metrics;
  logLines: LogLine[];
  /** The lines about changes of a hive's status, as "hive-a: unknown → online". */
  changes(): string[];
  request(method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", url: string, json?: unknown): Promise<JsonAnswer>;
  send(request: InjectOptions): Promise<JsonAnswer>;
}

export async function startTestQueen(options: Partial<QueenOptions> & { clock?: FakeClock } = {}): Promise<TestQueen> {
  const clock = options.clock ?? new FakeClock();
  const metrics = new Metrics();
  const catalog = options.catalog ?? (await openTestCatalog({ now: () => clock.now(), onCommit: metrics.onCommit }));
  const logLines: LogLine[] = [];
  const log = pino(
    { level: "debug", serializers: { err: errorForLog } },
    { write: (line: string) => void logLines.push(JSON.parse(line)) },
  );
  const queen = assembleQueen({
    log,
    metrics,
    allowedHosts: AllowedHosts.parse("127.0.0.0/8,::1"),
    resolve: new Names().resolve,
    metricsByHive: false,
    lifecycle: LIFECYCLE_SETTINGS,
    // What installs agents names theirs: other tests need not wait for its bundle.
    agentFile: "/no/agent.mjs",
    readPage,
    ...LIVENESS_SETTINGS,
    ...options,
    catalog,
    clock,
  });

  async function send(request: InjectOptions): Promise<JsonAnswer> {
    const { statusCode, payload, headers } = await queen.app.inject(request);
    const type = headers["content-type"]?.toString();
    const answer = { status: statusCode, body: bodyOf(payload, type), headers };
    checkContract({ method: request.method ?? "GET", url: String(request.url), type, ...answer });
    return answer;
  }

  return {
    ...queen,
    catalog,
    clock,
    metrics,
    logLines,
    changes: () =>
      logLines.filter(({ was }) => was !== undefined).map((line) => `${line.hive_id}: ${line.was} → ${line.status}`),
    send,
    request: (method, url, json) => send({ method, url, ...(json !== undefined && { payload: json as object }) }),
    async [Symbol.asyncDispose]() {
      await queen.stop();
      await catalog.close();
    },
  };
}

/** Of lines, a list of them. */
function bodyOf(payload: string, type = ""): unknown {
  if (type.startsWith("application/x-ndjson")) return linesIn(payload);
  return payload === "" ? undefined : JSON.parse(payload);
}

/** The values in NDJSON. */
export const linesIn = (text: string): unknown[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

/** The smallest hive that can be posted. */
export const HIVE_JSON = { id: "hive-a", host: "127.0.0.1", port: 8600 };

const { server, running, waiting, slots, device_ids, port, reachable, ...SMALL_WORKER } = WORKER_EXAMPLE;

/** One worker of a heartbeat, as hives send it that tell no more than they must. */
export const workerJson = (overrides: Record<string, unknown> = {}) => ({ ...SMALL_WORKER, ...overrides });

/** What is answered of it. */
export const workerAnswer = (overrides: Record<string, unknown> = {}) => ({
  ...Object.fromEntries(Object.keys(WORKER_EXAMPLE).map((field) => [field, null])),
  ...workerJson(overrides),
});

export const beatJson = (hiveId: string, workers: unknown[] = [], timestamp = "2025-10-21T10:00:00Z") => ({
  hive_id: hiveId,
  timestamp,
  workers,
});

/** Adds a hive on loopback over HTTP: `HIVE_JSON`, but for `port` and `fields`. */
export async function addHive(queen: TestQueen, port: number, fields: Record<string, unknown> = {}): Promise<void> {
  const { status, body } = await queen.request("POST", "/v1/hives", { ...HIVE_JSON, port, ...fields });
  if (status !== 201) throw new Error(`the hive was not added: ${JSON.stringify(body)}`);
}

export const beat = (queen: TestQueen, id = HIVE_JSON.id) =>
  queen.request("POST", "/v1/heartbeat", beatJson(id, [workerJson()]));

export const statusOf = async (queen: TestQueen, id = HIVE_JSON.id) => (await queen.catalog.getHive(id))?.status;

/** Lets so much time pass, as a queen that runs does: with its sweeps, and a health round at the end of every interval. */
export async function pass(queen: TestQueen, durationMs: number): Promise<void> {
  const { clock, fleet, watch } = queen;
  const { healthIntervalMs } = LIVENESS_SETTINGS;
  for (let leftMs = durationMs, toRoundMs = healthIntervalMs; leftMs > 0; ) {
    const stepMs = Math.min(leftMs, toRoundMs, fleet.sweepIntervalMs);
    clock.advance(stepMs);
    leftMs -= stepMs;
    toRoundMs -= stepMs;
    if (toRoundMs === 0) {
      await watch.runRound();
      toRoundMs = healthIntervalMs;
    }
    await watch.sweep();
  }
}
