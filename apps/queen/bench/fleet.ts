import { Agent, get } from "node:http";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import {
  absolute,
  type Benchmark,
  type BenchmarkContext,
  compared,
  inTurn,
  makeFleet,
  p99,
  type Result,
  type Server,
  startServer,
  worstOf,
} from "@repo/bench";

const POINT = 12;
const HIVES = 10_000;
const PAGE = 100;
const LONG_PAGE = 1000;
const CHILD = fileURLToPath(new URL("./fleet-child.ts", import.meta.url));
const ORDERS = [
  ...["sort=id", "sort=-id", "sort=status", "group_by=rack"],
  ...["sort=free_vram", "sort=-load", "sort=last_beat"],
];

const of = `${HIVES} hives × 8 workers`;
const rows = {
  long: {
    point: POINT,
    what: "GET /v1/fleet, one page of 1000",
    meaning: "All that is known of a thousand hives, against what the catalog alone has of them.",
    unit: "ms",
    counterpart: "GET /v1/hives",
    limit: { atMost: 2 },
  },
  page: {
    point: POINT,
    what: `GET /v1/fleet, a page of 100 in any order, p99, ${of}`,
    meaning: "Page by page through the whole fleet, in one order after the other.",
    unit: "ms",
    limit: { atMost: 20 },
  },
  stall: {
    point: POINT,
    what: `longest stall of the event loop meanwhile, ${of}`,
    meaning: "What a heartbeat waits at most while somebody reads the fleet.",
    unit: "ms",
    limit: { atMost: 20 },
  },
} as const;

export const fleet: Benchmark = {
  name: "fleet",
  async run(context) {
    const { folder, quick, progress } = context;
    const hives = quick ? 2000 : HIVES;
    progress(`${hives} hives that beat`);
    const path = join(folder, "fleet.db");
    await makeFleet(path, { size: hives, devices: "kinds", nowMs: Date.now(), host: "127.0.0.1", port: 9 });
    const args = [...process.execArgv, CHILD, path, String(hives)];
    const queen = await startServer({ command: process.execPath, args, ready: /"port":(\d+)/ });
    try {
      return await measure(context, queen);
    } finally {
      await queen.stop();
    }
  },
};

async function measure({ quick, progress }: BenchmarkContext, queen: Server): Promise<Result[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const read = (path: string) => readJson(agent, queen.port, path);
  progress(rows.long.what);
  const long = (path: string) => async () => (await read(`${path}?limit=${LONG_PAGE}`)).tookMs;
  const { ours, theirs } = await inTurn(
    { ours: long("/v1/fleet"), theirs: long("/v1/hives") },
    { rounds: quick ? 5 : 51 },
  );
  progress(rows.page.what);
  const pages: number[] = [];
  const stalls: number[] = [];
  const worst = { order: "", ms: 0 };
  for (let round = 0; round < (quick ? 1 : 5); round++) {
    const tookMs: number[] = [];
    await read("/stall");
    for (const order of ORDERS) {
      const took = await readThrough(read, order);
      tookMs.push(...took);
      const slowest = p99(took);
      if (slowest > worst.ms) Object.assign(worst, { order, ms: slowest });
    }
    stalls.push((await read("/stall")).body.stallMs as number);
    pages.push(p99(tookMs));
  }
  agent.destroy();
  return [
    compared({ ...rows.long, ours, theirs }),
    absolute({ ...rows.page, ours: pages, note: `the slowest is ${worst.order}: ${worst.ms.toFixed(1)} ms` }),
    absolute({ ...rows.stall, ours: stalls, note: worstOf(stalls) }),
  ];
}

/** How long each page took, in ms. */
async function readThrough(read: (path: string) => ReturnType<typeof readJson>, order: string): Promise<number[]> {
  const tookMs: number[] = [];
  for (let after: unknown; after !== null; ) {
    const page = await read(`/v1/fleet?${order}&limit=${PAGE}${after === undefined ? "" : `&after=${after}`}`);
    tookMs.push(page.tookMs);
    after = page.body.next_after;
  }
  return tookMs;
}

async function readJson(agent: Agent, port: number, path: string) {
  const startedMs = performance.now();
  const text = await new Promise<string>((resolve, reject) => {
    const request = get({ agent, host: "127.0.0.1", port, path }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        body += piece;
      });
      response.once("end", () =>
        response.statusCode === 200 ? resolve(body) : reject(new Error(`${path} answered ${response.statusCode}`)),
      );
    });
    request.once("error", reject);
  });
  const tookMs = performance.now() - startedMs;
  return { tookMs, body: JSON.parse(text) as Record<string, unknown> };
}
