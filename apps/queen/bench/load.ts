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
  KNOWS_PROCESSOR_TIME,
  type LoadFigures,
  notMeasured,
  p99,
  processorTimeMs,
  type Result,
  runWrk,
  type Server,
  worstOf,
} from "@repo/bench";
import { aHeartbeat } from "./heartbeats.ts";
import { beatingFleet, buildQueen, giveTokens, startBareHttp, startQueen } from "./servers.ts";

const POINT = 5;
const HIVES = 1000;
const CONNECTIONS = 64;
const BARE = "bare node:http";
const READ_PAUSE_MS = 5;
const READ_RUNS = 5;
/** Many and short: what one round shows of a shared machine is off by a quarter, as measured. */
const ROUNDS = 15;
const ROUND_SECONDS = 2;
const NO_PROCESSOR_TIME = "this system has no /proc to read it from";
/** In the first seconds the engine still makes the code of a server faster. */
const WARM_UP_ROUNDS = 2;

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
  cpu: {
    point: POINT,
    what: "processor time of an answered beat",
    meaning:
      "User and system time of the server's process: what the fleet takes of the machine, however many cores it has.",
    unit: "µs",
    counterpart: BARE,
    limit: { atMost: 2 },
  },
  measuring: {
    point: POINT,
    what: "processor time of a beat that brings telemetry of 8 GPUs",
    meaning: "The same 4 workers, with what the hive has measured of itself, against a beat without.",
    unit: "µs",
    counterpart: "the same without",
    limit: { atMost: 1.25 },
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
    const path = join(context.folder, "load.db");
    await beatingFleet(path, HIVES);
    const program = await buildQueen(context.folder);
    const bare = await startBareHttp();
    const queen = await startQueen(program, path);
    const queenOfTokens = context.quick ? undefined : await startLocked(program, join(context.folder, "locked.db"));
    try {
      return await measure(context, { ours: queen, theirs: bare, locked: queenOfTokens });
    } finally {
      for (const server of [bare, queen, queenOfTokens]) await server?.stop();
    }
  },
};

type RoundFigures = LoadFigures & {
  /** Processor time of the server for each answered request. */
  cpuUs: number;
};
type Side = "ours" | "measuring" | "locked" | "theirs";
/** With what its callers have to show. */
type Loaded = Server & { tokens?: readonly string[] };

async function startLocked(program: string, path: string): Promise<Loaded> {
  await beatingFleet(path, HIVES);
  const tokens = await giveTokens(
    path,
    Array.from({ length: HIVES }, (_, n) => hiveId(n)),
  );
  return { ...(await startQueen(program, path)), tokens };
}

async function measure(
  { folder, quick, progress }: BenchmarkContext,
  { ours, locked, theirs }: Record<"ours" | "theirs", Loaded> & { locked: Loaded | undefined },
): Promise<Result[]> {
  const bodiesOf = (gpus?: number) => Array.from({ length: HIVES }, (_, n) => aHeartbeat(hiveId(n), 4, gpus));
  const plain = bodiesOf();
  const measured = bodiesOf(8);
  const seconds = quick ? 1 : ROUND_SECONDS;
  const post = ({ port, tokens }: Loaded, bodies = plain) =>
    runWrk({
      url: `http://127.0.0.1:${port}/v1/heartbeat`,
      bodies,
      ...(tokens && { tokens }),
      connections: CONNECTIONS,
      seconds,
      folder,
    });
  const seen: Record<Side, RoundFigures[]> = { ours: [], measuring: [], locked: [], theirs: [] };
  const side = (name: Side, server: Loaded, bodies = plain) => ({
    [name]: async () => {
      const beforeMs = processorTimeMs(server.pid);
      const figures = await post(server, bodies);
      const tookMs = processorTimeMs(server.pid) - beforeMs;
      return seen[name].push({ ...figures, cpuUs: (tookMs * 1000) / figures.requests });
    },
  });
  progress(`${rows.throughput.what}, against ${BARE}`);
  await inTurn(
    {
      ...side("ours", ours),
      ...side("measuring", ours, measured),
      ...side("theirs", theirs),
      ...(locked && side("locked", locked)),
    },
    { rounds: quick ? 3 : ROUNDS, warmUp: WARM_UP_ROUNDS },
  );
  const figures = (name: Side, of: keyof RoundFigures) => seen[name].slice(WARM_UP_ROUNDS).map((round) => round[of]);
  const bare = figures("theirs", "perSecond");

  progress(rows.reading.what);
  let reads = 0;
  const reading = async () => {
    const loading = post(ours);
    const tookMs = await readUntil(ours, loading);
    await loading;
    reads += tookMs.length;
    return p99(tookMs);
  };
  const { readP99Ms } = await inTurn({ readP99Ms: reading }, { rounds: quick ? 1 : READ_RUNS, warmUp: 0 });
  return [
    compared({ ...rows.throughput, ours: figures("ours", "perSecond"), theirs: bare }),
    locked
      ? compared({ ...rows.locked, ours: figures("locked", "perSecond"), theirs: bare })
      : notMeasured({ ...rows.locked, note: "only in a full run" }),
    compared({ ...rows.latency, ours: figures("ours", "p99Ms"), theirs: figures("theirs", "p99Ms") }),
    KNOWS_PROCESSOR_TIME
      ? compared({ ...rows.cpu, ours: figures("ours", "cpuUs"), theirs: figures("theirs", "cpuUs") })
      : notMeasured({ ...rows.cpu, note: NO_PROCESSOR_TIME }),
    KNOWS_PROCESSOR_TIME
      ? compared({ ...rows.measuring, ours: figures("measuring", "cpuUs"), theirs: figures("ours", "cpuUs") })
      : notMeasured({ ...rows.measuring, note: NO_PROCESSOR_TIME }),
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
