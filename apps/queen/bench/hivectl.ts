import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import {
  absolute,
  type Benchmark,
  type BenchmarkContext,
  compared,
  inTurn,
  notMeasured,
  type Result,
} from "@repo/bench";
import { peakMb } from "./resident.ts";
import { beatingFleet, buildQueen, startQueen } from "./servers.ts";

const POINT = 13;
const HIVES = 20_000;
const KILL_AFTER_MS = 60_000;

export const hivectl: Benchmark = {
  name: "hivectl",
  async run(context) {
    const { folder, progress } = context;
    progress("hivectl: filling, building");
    const path = join(folder, "hivectl.db");
    await beatingFleet(path, HIVES);
    const queen = await buildQueen(folder);
    const program = join(dirname(queen), "hivectl.js");
    const server = await startQueen(queen, path);
    try {
      const list = [program, "get", "hives", "--url", `http://127.0.0.1:${server.port}`];
      return [await starting(program, context), ...(await listing(list, context))];
    } finally {
      await server.stop();
    }
  },
};

async function starting(program: string, { quick, progress }: BenchmarkContext): Promise<Result> {
  progress("hivectl version, against bare node");
  const seen = await inTurn(
    {
      ours: async () => (await run([program, "version"])).tookMs,
      theirs: async () => (await run(["--eval", "console.log(process.version)"])).tookMs,
    },
    { rounds: quick ? 3 : 25 },
  );
  return compared({
    point: POINT,
    what: "hivectl version, of what `pnpm build` makes",
    meaning:
      "What every call of hivectl takes before it asks anything, with the start of Node, which is the counterpart.",
    unit: "ms",
    counterpart: "bare node",
    limit: { atMost: 2.5 },
    ...seen,
  });
}

async function listing(list: readonly string[], { quick, progress }: BenchmarkContext): Promise<Result[]> {
  const what = `hivectl get hives, ${HIVES} hives`;
  progress(what);
  const all: Seen[] = [];
  const half: Seen[] = [];
  for (let round = 0; round < (quick ? 1 : 7); round++) {
    all.push(await run(list));
    half.push(await run([...list, "--limit", String(HIVES / 2)]));
  }
  const peak = {
    point: POINT,
    what: `${what}: most memory`,
    meaning:
      "It holds a page of the list, however long that is: for half of it, it takes as much. Most is Node itself, and garbage that waits to be taken away.",
    unit: "MB",
    counterpart: "half of them",
    limit: { atMost: 1.1 },
  } as const;
  return [
    absolute({
      point: POINT,
      what: `${what}: first rows`,
      meaning: "From the call on until somebody reads them, with the start of Node.",
      unit: "ms",
      limit: { atMost: 500 },
      ours: all.map(({ firstMs }) => firstMs),
    }),
    existsSync("/proc/self/status")
      ? compared({ ...peak, ours: all.map((one) => one.peakMb), theirs: half.map((one) => one.peakMb) })
      : notMeasured({ ...peak, note: "this system has no /proc to read it from" }),
  ];
}

interface Seen {
  readonly firstMs: number;
  readonly tookMs: number;
  readonly peakMb: number;
}

/** Runs it, and reads all that it says. */
async function run(args: readonly string[]): Promise<Seen> {
  const startedMs = performance.now();
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const child = spawn(process.execPath, args, { stdio: [...stdio], timeout: KILL_AFTER_MS, killSignal: "SIGKILL" });
  const firstMs = once(child.stdout, "data").then(() => performance.now() - startedMs);
  let mb = Number.NaN;
  child.stdout.on("data", () => {
    mb = peakMb(child.pid ?? 0) ?? mb;
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}`);
  return { tookMs: performance.now() - startedMs, firstMs: await firstMs, peakMb: mb };
}
