import { connect } from "node:net";
import os from "node:os";
import { expect, onTestFinished, test } from "vitest";
import {
  type Agent,
  eventually,
  fakeProgram,
  hangingScript,
  isRunning,
  newMarker,
  startAgent,
  temporaryFolder,
} from "./testing.ts";

// For agents whose beats do not matter: fetch contacts nobody on port 1.
const NO_QUEEN = ["--queen", "http://127.0.0.1:1"];
const cpu = { cores: os.availableParallelism(), ram_gb: Math.round(os.totalmem() / 1024 ** 3) };

function agentWithNvidiaSmi(script: string | undefined, ...flags: string[]): Agent {
  const path = temporaryFolder();
  if (script !== undefined) fakeProgram(path, "nvidia-smi", script);
  return startAgent(["--port", "0", ...NO_QUEEN, ...flags], { path });
}

/** Answers once the server has read the beginning of a request: then the connection is neither idle nor done. What comes on it is in `text`. */
async function sendRequest(url: string, beginning: string): Promise<{ text: () => string }> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.on("error", () => {}).on("data", (data) => (text += data));
  await new Promise<void>((resolve) => socket.write(beginning, () => resolve()));
  // Connections are taken in their order: once a later one is answered, what came on this one was read.
  expect((await fetch(`${url}/health`)).status).toBe(200);
  return { text: () => text };
}

const sendHalfARequest = (url: string) => sendRequest(url, "GET /health HTTP/1.1\r\nHost: hi");

test("answers /health with its id, on the free port that the log says, until SIGTERM and no SIGUSR stops it with exit code 0", async () => {
  const agent = agentWithNvidiaSmi(undefined, "--id", "hive-7");
  const url = await agent.url();
  for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
    agent.process.kill(signal);
    await fetch(url);
  }
  const response = await fetch(`${url}/health`);
  expect([response.status, await response.json()]).toEqual([
    200,
    { status: "ok", id: "hive-7", started_at: expect.any(String) },
  ]);
  expect(await agent.logged("hive listening")).toMatchObject({ host: "127.0.0.1", port: expect.any(Number) });
  agent.process.kill("SIGTERM");
  expect(await agent.ended).toBe(0);
  expect(agent.stderr()).toBe("");
});

test("a taken port is one sentence and exit code 1; SIGINT stops the one that has it with exit code 0", async () => {
  const first = agentWithNvidiaSmi(undefined);
  const { port } = new URL(await first.url());
  const second = startAgent(["--port", port, ...NO_QUEEN]);
  expect(await second.ended).toBe(1);
  expect(second.stderr()).toBe(
    `hive: port ${port} on 127.0.0.1 is taken: stop what listens there or choose another with --port or HIVE_PORT\n`,
  );
  first.process.kill("SIGINT");
  expect(await first.ended).toBe(0);
});

test("a host that is not this machine's is one sentence and exit code 1", async () => {
  const agent = startAgent(["--port", "0", "--host", "192.0.2.1", ...NO_QUEEN]);
  expect(await agent.ended).toBe(1);
  expect(agent.stderr()).toBe(
    "hive: 192.0.2.1 is no address of this machine: choose another with --host or HIVE_HOST\n",
  );
});

test("settings that cannot be used are all said, with exit code 2, and what turns the direction of a line with its code", async () => {
  const agent = startAgent(["--port", "x", "--id", "gpu\u202e01"], { env: { HIVE_QUEEN: "queen" } });
  expect(await agent.ended).toBe(2);
  expect(agent.stderr().match(/^hive: --(id|queen|port) \(HIVE_/gm)).toHaveLength(3);
  expect(agent.stderr()).toContain("gpu\\u202e01");
  expect(agent.stderr()).not.toContain("\u202e");
});

test("a misspelt variable is a warning with what was meant", async () => {
  const agent = startAgent(["--port", "0", ...NO_QUEEN], { env: { HIVE_LOGLEVEL: "debug" } });
  expect((await agent.logged("is no setting")).msg).toBe(
    "HIVE_LOGLEVEL is no setting, and changes nothing: the nearest that is one is HIVE_LOG_LEVEL",
  );
});

test.each([
  ["--log-file", "HIVE_LOG_FILE"],
  ["--pid-file", "HIVE_PID_FILE"],
])("a %s in a folder that is not there is one sentence and exit code 2", async (flag, variable) => {
  const agent = startAgent(["--port", "0", flag, "/no/such/folder/hive.x", ...NO_QUEEN]);
  expect(await agent.ended).toBe(2);
  expect(agent.stderr()).toMatch(
    new RegExp(`^hive: ${flag} \\(${variable}\\) cannot be written: ENOENT[^\\n]*/no/such/folder/hive.x[^\\n]*\\n$`),
  );
  expect(agent.log).toEqual([]);
});

test.each(["SIGTERM", "SIGINT"] as const)("%s before it listens stops it with exit code 0 too", async (signal) => {
  const agent = startAgent(["--port", "0", ...NO_QUEEN], { env: { HIVE_PROT: "1" } });
  // Logged while it starts.
  await agent.logged("is no setting");
  agent.process.kill(signal);
  expect(await agent.ended).toBe(0);
});

test("SIGTERM cuts off a client that keeps its connection busy", async () => {
  const agent = agentWithNvidiaSmi(undefined);
  await sendHalfARequest(await agent.url());
  agent.process.kill("SIGTERM");
  expect(await agent.ended).toBe(0);
});

test.each([
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const)("a second %s exits at once with %i", async (signal, exitCode) => {
  const agent = agentWithNvidiaSmi(undefined);
  await sendHalfARequest(await agent.url());
  agent.process.kill(signal);
  await agent.logged("hive stopping");
  // One that comes at once with the first is the same Ctrl-C.
  await eventually(() => (agent.process.kill(signal) ? undefined : true), "its end");
  expect(await agent.ended).toBe(exitCode);
});

test("SIGTERM during a detection is answered with what is known, and leaves no program behind", async () => {
  const marker = newMarker();
  const agent = agentWithNvidiaSmi(hangingScript(marker), "--probe-timeout-ms", "600000");
  const answers = await sendRequest(await agent.url(), "GET /v1/devices HTTP/1.1\r\nHost: hive\r\n\r\n");
  await eventually(() => (isRunning(marker) ? true : undefined), "a detection");
  agent.process.kill("SIGTERM");
  expect(await agent.ended).toBe(0);
  expect(answers.text()).toContain(`{"cpu":${JSON.stringify(cpu)},"gpus":null,`);
  await eventually(() => (isRunning(marker) ? undefined : true), "the end of the hanging process");
});
