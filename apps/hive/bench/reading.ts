import { spawn } from "node:child_process";
import { once } from "node:events";
import { pino } from "pino";
import { WorkerWatch } from "../src/workers/watch.ts";

// What a reading of this host's servers costs: node scripts/run.js apps/hive/bench/reading.ts
const SERVERS = 2;
const READINGS = 100;

const LLAMA_SERVER = new URL("../test/llama-server.js", import.meta.url).pathname;
const children = Array.from({ length: SERVERS }, () =>
  spawn(process.execPath, [LLAMA_SERVER, "--port", "0"], {
    argv0: "llama-server",
    stdio: ["ignore", "pipe", "ignore"],
  }),
);
try {
  await Promise.all(children.map((child) => once(child.stdout, "data")));
  await run();
} finally {
  for (const child of children) child.kill("SIGKILL");
}

async function run(): Promise<void> {
  const log = pino({ level: "silent" });
  const keys = new Map<string, string>();
  const options = { discover: true, configured: [], keys: () => keys, timeoutMs: 2000, advertiseHost: "", log };
  const workers = new WorkerWatch(options);
  const tookMs: number[] = [];
  for (let reading = 0; reading < READINGS; reading++) {
    const before = process.cpuUsage();
    await workers.refresh();
    const { user, system } = process.cpuUsage(before);
    tookMs.push((user + system) / 1000);
  }
  const sorted = tookMs.slice(10).toSorted((a, b) => a - b);
  const at = (part: number) => (sorted[Math.floor(part * sorted.length)] ?? 0).toFixed(1);
  const { length } = workers.latest().workers;
  const rss = (process.memoryUsage().rss / 2 ** 20).toFixed(0);
  process.stdout.write(
    `a reading with ${length} servers: ${at(0.5)} ms of CPU (median), ${at(0.9)} ms (p90); ${rss} MiB resident\n`,
  );
}
