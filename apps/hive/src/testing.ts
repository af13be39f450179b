import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Environment } from "@repo/settings";
import { pino } from "pino";
import { onTestFinished, vi } from "vitest";
import { bundleOf } from "../../../scripts/build/cache.js";
import { readConfig } from "./config.ts";
import { Hive } from "./hive.ts";

export const AGENT = await bundleOf(fileURLToPath(new URL("./agent.ts", import.meta.url)));
const WAIT = { timeout: 25_000, interval: 20 };

export type LogLine = { msg: string } & Record<string, unknown>;

/** Waits until `condition` answers something, and answers that. */
export function eventually<T>(condition: () => T | undefined | Promise<T | undefined>, what: string): Promise<T> {
  return vi.waitFor(async () => {
    const value = await condition();
    if (value === undefined) throw new Error(`did not come: ${what}`);
    return value;
  }, WAIT);
}

/** A folder that lives as long as the test. What the test started may write its last word there meanwhile: it is removed once more then, which `rmSync` does not do. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "hive-agent-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

/** Writes a shell script that a folder on PATH offers under `name`. */
export function fakeProgram(folder: string, name: string, script: string): void {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

/** A word that only the processes of one hanging program have among their arguments. It is a time for `sleep`, too. */
export function newMarker(): string {
  return `600.${randomInt(1e12)}`;
}

/** The script of a program that starts another one and hangs. */
export function hangingScript(marker: string): string {
  return `/bin/sleep ${marker} & wait`;
}

/** Whether a process with this marker runs; one that has ended but was not collected has no arguments any more. */
export function isRunning(marker: string): boolean {
  return execFileSync("/bin/ps", ["-e", "-o", "args="], { encoding: "utf8" }).includes(`/bin/sleep ${marker}`);
}

export interface Agent {
  process: ChildProcess;
  log: LogLine[];
  stderr: () => string;
  logged: (message: string) => Promise<LogLine>;
  /** Base URL, once it listens. */
  url: () => Promise<string>;
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals | null>;
}

interface AgentSurroundings {
  /** All that is on its PATH. */
  path?: string;
  env?: NodeJS.ProcessEnv;
  /** Whether it sees the servers of this machine, which may be those of other tests. */
  discovers?: boolean;
}

/** Runs the real agent. It is killed with the test. */
export function startAgent(
  args: string[],
  { path = temporaryFolder(), env = {}, discovers = false }: AgentSurroundings = {},
): Agent {
  const child = spawn(process.execPath, [AGENT, ...args], {
    env: { PATH: path, ...(!discovers && { HIVE_DISCOVER: "false" }), ...env },
    cwd: tmpdir(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const log: LogLine[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => log.push(JSON.parse(line)));
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const logged = (message: string) =>
    eventually(() => log.find(({ msg }) => msg.includes(message)), `${message} in the log, after: ${stderr}`);
  return {
    process: child,
    log,
    stderr: () => stderr,
    logged,
    url: async () => `http://127.0.0.1:${(await logged("hive listening")).port}`,
    ended: new Promise((resolve) => child.on("close", (code, signal) => resolve(code ?? signal))),
  };
}

/** The agent for this process, with nothing but `path` on its PATH; it ends with the test. */
export function newHive(settings: Environment, path: string): Hive {
  vi.stubEnv("PATH", path);
  onTestFinished(() => void vi.unstubAllEnvs());
  const reading = readConfig([], { HIVE_PORT: "0", HIVE_DISCOVER: "false", ...settings });
  if (!("values" in reading)) throw new Error(JSON.stringify(reading));
  const hive = new Hive(reading.values, pino({ level: "silent" }));
  onTestFinished(() => hive.stop());
  return hive;
}

/** The same, as it listens and beats. Resolves to its base URL. */
export async function startHive(settings: Environment, path: string): Promise<string> {
  const hive = newHive(settings, path);
  const port = (await hive.listen()) ?? 0;
  hive.beat(port);
  return `http://127.0.0.1:${port}`;
}

export type Beat = { hive_id: string; timestamp: string; workers: unknown[] };
type Answer = (response: ServerResponse) => void;

/** As the queen takes a beat; with the wait that she asks for, if any. */
export function answerOk(response: ServerResponse, nextBeatMs?: number): void {
  const answer = { status: "ok", message: "Heartbeat received from hive-7", next_beat_ms: nextBeatMs };
  response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
}

/** As she refuses one. */
export function answerProblem(response: ServerResponse, status: number, code: string): void {
  const problem = { type: "about:blank", title: "", status, detail: "No.", code, errors: [], request_id: "1" };
  response.writeHead(status, { "content-type": "application/problem+json" }).end(JSON.stringify(problem));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return JSON.parse(text);
}

const tlsFile = (name: string): string => fileURLToPath(new URL(`../../queen/test/tls/${name}`, import.meta.url));

/** File with a certificate that signed itself, and is for loopback. */
export const QUEEN_CA = tlsFile("a.cert.pem");
export const OTHER_CA = tlsFile("b.cert.pem");
/** Of the same key, and in the past. */
export const EXPIRED_CA = tlsFile("expired.cert.pem");

/** An HTTP server in the queen's place: keeps the beats that come, and answers them as told. Closed with the test. */
export async function startQueenDouble({ tls = false, host = "127.0.0.1", certificate = QUEEN_CA } = {}) {
  const beats: Beat[] = [];
  const authorizations: (string | undefined)[] = [];
  const state: { answer: Answer } = { answer: (response) => answerOk(response) };
  const onRequest = async (request: IncomingMessage, response: ServerResponse) => {
    authorizations.push(request.headers.authorization);
    if (request.method !== "POST" || request.url !== "/v1/heartbeat") return response.writeHead(400).end();
    beats.push((await readJson(request)) as Beat);
    state.answer(response);
  };
  const files = { cert: readFileSync(certificate), key: readFileSync(tlsFile("a.key.pem")) };
  const server = tls ? createTlsServer(files, onRequest) : createServer(onRequest);
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(close);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address() as AddressInfo;
  return {
    beats,
    authorizations,
    close,
    url: `http${tls ? "s" : ""}://${host}:${address.port}`,
    answerWith: (answer: Answer) => {
      state.answer = answer;
    },
  };
}
