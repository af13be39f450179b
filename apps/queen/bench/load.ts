import { Agent, get } from "node:http";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import {
  absolute,
  type Benchmark,
  type BenchmarkContext,
  compared,
  hiveId,
  installedWrk,
  inTurn,
  type LoadFigures,
  notMeasured,
  percentile,
  type Result,
  runWrk,
  type Server,
  worstOf,
} from "@repo/hive-catalog/bench";
import { aHeartbeat } from "./heartbeats.ts";
import { beatingFleet, giveTokens, startBareHttp, startQueen } from "./servers.ts";

const POINT = 5;
const HIVES = 1000;
const CONNECTIONS = 64;
const BARE = "bare node:http";
const READ_PAUSE_MS = 5;
const READ_RUNS = 5;
/** Many and short: what one round shows of a shared machine is off by a quarter, as measured. */
const ROUNDS = 15;
const ROUND_SECONDS = 2;

const rows = {
  throughput: {
    point: POINT,
    what: "POST /v1/heartbeat, 4 workers, 64 connections",
    meaning:
      "Beats a second, each on disk before its answer. The other server parses the same JSON and stores nothing.",
    unit: "/s",
    counterpart: BARE,
    limit: { atLeast: 0.5 },
  },
  locked: {
    point: POINT,
    what: "the same with a token for each hive",
    meaning:
      "The door is locked: each beat shows its hive's token, which is hashed, compared and held to its rate. Metrics are counted, as always.",
    unit: "/s",
    counterpart: BARE,
    limit: { atLeast: 0.4 },
  },
  latency: {
    point: POINT,
    what: "POST /v1/heartbeat, p99",
    meaning: "How long the slowest hundredth of the beats waits under that load.",
    unit: "ms",
    counterpart: BARE,
    limit: { atMost: 10 },
  },
  reading: {
    point: POINT,
    what: "GET /v1/hives/{id} beside that load, p99",
    meaning: "What an operator waits for one hive while the whole fleet beats as fast as it can.",
    unit: "ms",
    limit: { atMost: 25 },
  },
} as const;

/** The row from which the report says how many hives one queen can carry. */
export const CARRIED_BY = rows.throughput.what;

export const load: Benchmark = {
  name: "load",
  async run(context) {
    if ((await installedWrk()) === undefined) {
      return Object.values(rows).map((row) => notMeasured({ ...row, note: "wrk is not installed (Debian: wrk)" }));
    }
    const ids = Array.from({ length: HIVES }, (_, n) => hiveId(n));
    const [open, locked] = [join(context.folder, "load.db"), join(context.folder, "locked.db")];
    for (const path of [open, locked]) await beatingFleet(path, HIVES);
    const tokens = await giveTokens(locked, ids);
    const servers = { bare: await startBareHttp(), queen: await startQueen(open), locked: await startQueen(locked) };
    try {
      return await measure(context, servers, tokens);
    } finally {
      for (const server of Object.values(servers)) await server.stop();
    }
  },
};

async function measure(
  { folder, quick, progress }: BenchmarkContext,
  { bare, queen, locked }: Record<"bare" | "queen" | "locked", Server>,
  tokens: readonly string[],
): Promise<Result[]> {
  const bodies = Array.from({ length: HIVES }, (_, n) => aHeartbeat(hiveId(n), 4));
  const seconds = quick ? 1 : ROUND_SECONDS;
  const post = ({ port }: Server) =>
    runWrk({
      url: `http://127.0.0.1:${port}/v1/heartbeat`,
      bodies,
      ...(port === locked.port && { tokens }),
      connections: CONNECTIONS,
      seconds,
      folder,
    });
  const seen: Record<"ours" | "locked" | "theirs", LoadFigures[]> = { ours: [], locked: [], theirs: [] };
  const side = (name: keyof typeof seen, server: Server) => async () => {
    const figures = await post(server);
    seen[name].push(figures);
    return figures.perSecond;
  };
  progress(`${rows.throughput.what}, against ${BARE}`);
  const warmUp = 1;
  const perSecond = await inTurn(
    { ours: side("ours", queen), locked: side("locked", locked), theirs: side("theirs", bare) },
    { rounds: quick ? 3 : ROUNDS, warmUp },
  );
  const { theirs } = perSecond;
  const p99 = (name: keyof typeof seen) => seen[name].slice(warmUp).map(({ p99Ms }) => p99Ms);

  progress(rows.reading.what);
  let reads = 0;
  const reading = async () => {
    const loading = post(queen);
    const tookMs = await readUntil(queen, loading);
    await loading;
    reads += tookMs.length;
    return percentile(
      tookMs.toSorted((a, b) => a - b),
      0.99,
    );
  };
  const { readP99Ms } = await inTurn({ readP99Ms: reading }, { rounds: quick ? 1 : READ_RUNS, warmUp: 0 });
  return [
    compared({ ...rows.throughput, ours: perSecond.ours, theirs }),
    compared({ ...rows.locked, ours: perSecond.locked, theirs }),
    compared({ ...rows.latency, ours: p99("ours"), theirs: p99("theirs") }),
    absolute({ ...rows.reading, ours: readP99Ms, note: `${worstOf(readP99Ms)}; ${reads} reads` }),
  ];
}

/** How long each of the reads took, in ms: one after the other, with a pause in between. */
async function readUntil({ port }: Server, end: Promise<unknown>): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const tookMs: number[] = [];
  let ended = false;
  const finish = () => {
    ended = true;
  };
  end.then(finish, finish);
  for (let n = 0; !ended; n++) {
    const startedMs = performance.now();
    await readHive(agent, port, hiveId((n * 7919) % HIVES));
    tookMs.push(performance.now() - startedMs);
    await delay(READ_PAUSE_MS);
  }
  agent.destroy();
  return tookMs;
}

function readHive(agent: Agent, port: number, id: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get({ agent, host: "127.0.0.1", port, path: `/v1/hives/${id}` }, (response) => {
      response.resume();
      response.once("end", () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`GET of ${id} answered ${response.statusCode}`)),
      );
    });
    request.once("error", reject);
  });
}
