// What `pnpm demo` runs: a queen and a made-up fleet of 60 hives in all states, to look at her page. Nothing is kept.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readFlags } from "./flags.js";

const HELP = `Usage: pnpm demo [options]

Starts a queen on loopback with a made-up fleet of 60 hives in all states, to look at her page. Nothing is kept.

Options:
  -h, --help  show this help

Environment:
  QUEEN_PORT  the port of the queen, any free one by default

Exit codes: 0 ended by Ctrl-C, 1 it could not be started, 2 called wrongly.
Example: QUEEN_PORT=8500 pnpm demo
`;
const QUEEN = fileURLToPath(new URL("../apps/queen/src/main.ts", import.meta.url));
const COUNT = 60;
const BEAT_MS = 4000;
/** One that flaps is silent for so long, again and again: until it is offline, and when it was online for so long. */
const SILENCE_MS = 25_000;
const FLAPPING_MS = 150_000;
const GB = 2 ** 30;
const KINDS = [
  { name: "NVIDIA H100 80GB HBM3", count: 8, gb: 80, cores: 192, ramGb: 2048, watts: 700 },
  { name: "NVIDIA GeForce RTX 4090", count: 2, gb: 24, cores: 32, ramGb: 128, watts: 450 },
  { name: "NVIDIA A100-SXM4-40GB", count: 4, gb: 40, cores: 128, ramGb: 1024, watts: 400 },
  { name: "NVIDIA L4", count: 1, gb: 24, cores: 16, ramGb: 64, watts: 72 },
];
const MODELS = ["llama-3.3-70b", "qwen3:32b", "gemma-3-27b", "mistral-small"];
const SETTINGS = {
  QUEEN_HOST: "127.0.0.1",
  QUEEN_PORT: process.env.QUEEN_PORT ?? "0",
  QUEEN_ALLOWED_HOSTS: "127.0.0.0/8",
  QUEEN_LOG_LEVEL: "error",
  QUEEN_STALE_AFTER_MS: "15000",
  QUEEN_HEALTH_INTERVAL_MS: "5000",
  // A hive that was lost once and is back is on probation.
  QUEEN_FLAP_CHANGES: "1",
  // Those that are lost are to be seen as lost, however many.
  QUEEN_MASS_FAILURE_SHARE: "1",
};

/** What becomes of a hive, by its number: most run. */
const fateOf = (n) =>
  (n % 29 === 11 && "flaps") ||
  (n % 13 === 5 && "lost") ||
  (n % 17 === 3 && "never seen") ||
  (n % 19 === 7 && "port closed") ||
  "runs";

const BEATING = new Set(["runs", "port closed", "flaps"]);

function hiveOf(n) {
  const kind = KINDS[n % KINDS.length];
  const id = `gpu-${String(n + 1).padStart(2, "0")}`;
  const labels = {
    env: n % 5 === 0 ? "dev" : "prod",
    rack: `r${10 + (n % 4)}`,
    ...(n % 6 === 0 && { "team/owner": "research" }),
  };
  return { n, id, kind, labels, fate: fateOf(n), gpuCount: n % 9 === 8 ? 0 : kind.count };
}

/** A port that answers as an agent does, or did. */
async function portOf(hive) {
  const { id, fate } = hive;
  const server = createServer(({ url }, response) => {
    const answer = url === "/v1/devices" ? devicesOf(hive) : { status: "ok", id };
    response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  if (fate !== "runs") server.close();
  return port;
}

const devicesOf = ({ kind, gpuCount }) => ({
  cpu: { cores: kind.cores, ram_gb: kind.ramGb },
  gpus: Array.from({ length: gpuCount }, (_, index) => ({ index, name: kind.name, vram_gb: kind.gb })),
});

const random = (from, to) => from + Math.random() * (to - from);

const stateOf = (n, index, busy) =>
  (n % 23 === 9 && index === 0 && "Error") ||
  (n % 10 === 1 && index === 0 && "Loading") ||
  (Math.random() < busy ? "Busy" : "Idle");

/** What an agent would measure and find now. */
function beatOf({ n, id, kind, gpuCount }) {
  const busy = Math.random();
  const now = new Date().toISOString();
  const workers = Array.from({ length: Math.min(gpuCount, 1 + (n % 4)) }, (_, index) => ({
    worker_id: `worker-${index}`,
    state: stateOf(n, index, busy),
    last_heartbeat: now,
    health_status: "healthy",
    url: `http://127.0.0.1:${9300 + index}`,
    model_id: MODELS[(n + index) % MODELS.length],
    backend: "cuda",
    device_id: index,
    vram_bytes: Math.round(kind.gb * 0.6 * GB),
    server: "vllm 0.11.0",
    running: Math.round(random(0, 8)),
    waiting: Math.round(random(0, 2)),
    slots: 16,
  }));
  const gpus = Array.from({ length: gpuCount }, (_, index) => ({
    index,
    memory_total_bytes: kind.gb * GB,
    memory_used_bytes: Math.round(kind.gb * GB * (index < workers.length ? random(0.6, 0.9) : random(0, 0.05))),
    utilization_percent: Math.round(random(0, 100)),
    temperature_celsius: Math.round(random(45, 80)),
    power_watts: Math.round(random(0.2, 0.95) * kind.watts),
  }));
  const memory = {
    memory_total_bytes: kind.ramGb * GB,
    memory_used_bytes: Math.round(kind.ramGb * GB * random(0.2, 0.6)),
  };
  return { hive_id: id, timestamp: now, workers, gpus, host: { ...memory, cpu_percent: random(5, 70) }, read_at: now };
}

async function post(url, json) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(json),
  });
  if (!answer.ok) throw new Error(`POST ${url} answers ${answer.status}: ${await answer.text()}`);
}

/** What stands for the agents that the queen stops; of the third one there is none. */
const AGENTS = { "gpu-06": 'console.log("it did not run")', "gpu-14": "setInterval(() => {}, 1000)" };

/** An operation that is done, one that goes on, and one that has failed. */
async function operate(url, home) {
  for (const [id, program] of Object.entries(AGENTS)) {
    const agent = join(home, ".hive", id);
    mkdirSync(agent, { recursive: true });
    writeFileSync(join(agent, "agent.mjs"), program);
  }
  for (const id of [...Object.keys(AGENTS), "gpu-15"]) await post(`${url}/v1/hives/${id}/stop`, {});
}

/** Longer than an agent is given to stop. */
const AGENT_END_MS = 15_000;

/** An agent that the queen started outlives her, as it is to: what stands beside it ends it. */
async function endAgents(home) {
  const agents = join(home, ".hive");
  const started = existsSync(agents)
    ? readdirSync(agents).filter((id) => existsSync(join(agents, id, "hive.pid")))
    : [];
  const ends = started.map((id) => {
    // In a session of its own, where Ctrl-C does not end it first.
    const options = { detached: true, stdio: "ignore", timeout: AGENT_END_MS };
    return once(spawn(process.execPath, [join(agents, id, "agent.mjs"), "stop"], options), "exit");
  });
  await Promise.all(ends);
}

let isStopped = false;
// Who reads no further ends nothing.
process.stderr.on("error", () => undefined);

async function run(folder) {
  // Of the queen's operations nothing is to reach the home of whoever looks at this.
  const env = { ...process.env, ...SETTINGS, QUEEN_DATABASE: join(folder, "hives.db"), HOME: folder };
  const queen = spawn(process.execPath, [QUEEN], { env, stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const ended = once(queen, "exit");
  const stop = () => {
    isStopped = true;
    queen.kill("SIGTERM");
  };
  // Each time, because a terminal and pnpm both send one.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, stop);
  const started = await Promise.race([once(queen, "message"), ended]);
  if (started[0]?.listening === undefined) throw new Error("the queen did not start");
  const url = `http://127.0.0.1:${started[0].listening.port}`;

  const hives = Array.from({ length: COUNT }, (_, n) => hiveOf(n));
  for (const hive of hives) {
    const { id, labels, fate } = hive;
    const devices = fate === "never seen" ? null : devicesOf(hive);
    await post(`${url}/v1/hives`, { id, host: "127.0.0.1", port: await portOf(hive), labels, devices });
    if (fate !== "never seen") await post(`${url}/v1/heartbeat`, beatOf(hive));
    if (hive.n % 14 === 2) await post(`${url}/v1/hives/${id}/cordon`, { reason: "new power supply" });
  }
  await operate(url, folder);
  const begunAtMs = Date.now();
  const timer = setInterval(() => {
    const isSilence = (Date.now() - begunAtMs) % FLAPPING_MS < SILENCE_MS;
    for (const hive of hives.filter(({ fate }) => BEATING.has(fate) && !(fate === "flaps" && isSilence)))
      setTimeout(() => void post(`${url}/v1/heartbeat`, beatOf(hive)).catch(() => {}), random(0, BEAT_MS));
  }, BEAT_MS);
  const shown = [`look at ${url}/ui`, `or ask with QUEEN_URL=${url} pnpm -s hivectl status`, "Ctrl-C ends it"];
  for (const line of shown) process.stderr.write(`demo: ${line}\n`);
  await ended;
  clearInterval(timer);
}

async function show() {
  const folder = mkdtempSync(join(tmpdir(), "queen-demo-"));
  await run(folder)
    .catch((error) => {
      // What it was about when it was stopped has failed.
      if (isStopped) return;
      process.stderr.write(`demo: ${error.message}\n`);
      process.exitCode = 1;
    })
    .finally(() => endAgents(folder))
    .finally(() => rmSync(folder, { recursive: true, force: true }));
  process.exit();
}

if (readFlags("demo", HELP) !== undefined) await show();
