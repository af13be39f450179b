import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { AGENT, type Beat, eventually, startAgent, startQueenDouble } from "../testing.ts";

const LLAMA_SERVER = fileURLToPath(new URL("../../test/llama-server.js", import.meta.url));

/** A process that is named and answers as a llama-server on a free port of loopback. */
async function startLlamaServer(): Promise<{ process: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [LLAMA_SERVER, "--port", "0"], {
    argv0: "llama-server",
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  return { process: child, port: Number(line) };
}

const inLast = (beats: readonly Beat[], workerId: string) =>
  (beats.at(-1)?.workers as { worker_id: string }[] | undefined)?.find((worker) => worker.worker_id === workerId);

test("an agent without any setting tells of a llama-server, and leaves it out once it was killed", async () => {
  const server = await startLlamaServer();
  const id = `llamacpp-${server.port}`;
  const queen = await startQueenDouble();
  startAgent(["--port", "0", "--beat-interval-ms", "200", "--queen", queen.url], { discovers: true });
  expect(await eventually(() => inLast(queen.beats, id), "a beat with its worker")).toMatchObject({
    state: "Idle",
    health_status: "healthy",
    url: null,
    port: server.port,
    reachable: "loopback",
    model_id: "other-name",
    server: "llama.cpp",
    running: 0,
    slots: 2,
    ram_bytes: expect.any(Number),
  });
  server.process.kill("SIGKILL");
  await once(server.process, "exit");
  const sofar = queen.beats.length;
  await eventually(() => queen.beats[sofar + 1], "a beat after its end");
  expect(inLast(queen.beats.slice(0, sofar + 2), id)).toBeUndefined();
});

test("an agent that has no file descriptor left for a look does not say that its servers are gone", async () => {
  const server = await startLlamaServer();
  const id = `llamacpp-${server.port}`;
  const queen = await startQueenDouble();
  const flags = ["--port", "0", "--beat-interval-ms", "200", "--queen", queen.url];
  const agent = startAgent(flags, { discovers: true });
  await eventually(() => inLast(queen.beats, id), "a beat with its worker");
  execFileSync("prlimit", ["--pid", String(agent.process.pid), "--nofile=3"]);
  await agent.logged("workers could not be read");
  const sofar = queen.beats.length;
  await eventually(() => queen.beats[sofar + 1], "two more beats");
  expect(inLast(queen.beats, id)).toMatchObject({ state: "Idle" });
});

test("an agent that is told where a server is asks it and finds nothing else", async () => {
  const server = await startLlamaServer();
  const queen = await startQueenDouble();
  const named = `llamacpp=http://127.0.0.1:${server.port}`;
  startAgent(["--port", "0", "--beat-interval-ms", "200", "--queen", queen.url, "--workers", named]);
  const beat = await eventually(() => queen.beats.find(({ workers }) => workers.length > 0), "a beat with a worker");
  expect(beat.workers).toMatchObject([{ worker_id: `llamacpp-${server.port}`, slots: 2, reachable: "loopback" }]);
});

const runOnce = (...flags: string[]) => promisify(execFile)(process.execPath, [AGENT, "--once", ...flags]);

test("--once prints the body of a heartbeat, and ends with 0", async () => {
  const server = await startLlamaServer();
  const { stdout, stderr } = await runOnce("--id", "gpu-01");
  const beat = JSON.parse(stdout);
  expect(beat).toMatchObject({ hive_id: "gpu-01", timestamp: expect.any(String), read_at: expect.any(String) });
  expect(inLast([beat], `llamacpp-${server.port}`)).toMatchObject({ state: "Idle", model_id: "other-name" });
  expect(stderr).not.toContain(`pid ${server.process.pid}`);
});

test("--once ends with 2 when settings cannot be used, and prints no heartbeat", async () => {
  const problem = expect.stringContaining("hive: --workers (HIVE_WORKERS) must be a list");
  await expect(runOnce("--workers", "tgi=http://127.0.0.1")).rejects.toMatchObject({
    code: 2,
    stdout: "",
    stderr: problem,
  });
});
