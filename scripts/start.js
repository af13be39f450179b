// What `pnpm start` runs: a queen and one local hive, until a signal comes or one of the two ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { SETTINGS as ofHive, readConfig as readHive } from "../apps/hive/src/config.ts";
import { nodeFetch } from "../apps/hivectl/src/access/node-fetch.ts";
import { SETTINGS as ofQueen } from "../apps/queen/src/config/settings.ts";
import { QueenClient, QueenProblem } from "../packages/queen-client/src/index.ts";
import { readFlags } from "./flags.js";

const QUEEN = fileURLToPath(new URL("../apps/queen/src/main.ts", import.meta.url));
const HIVE = fileURLToPath(new URL("../apps/hive/src/agent.ts", import.meta.url));
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 6_000;
/** Where hivectl looks when nobody says where. */
const HIVECTLS_QUEEN = "http://127.0.0.1:8500";

/** What else is set here, or means something else than to the program alone. */
const OWN_VARIABLES = {
  QUEEN_TOKEN:
    "operator token with which the hive is added, once there are tokens; the hive's own too, unless it has one (HIVE_TOKEN, HIVE_TOKEN_FILE), which does where it is in the catalog already",
  HIVE_QUEEN: "URL of the queen, where she has a certificate and it is for another name than QUEEN_HOST",
};

const help = (variables) => `Usage: pnpm start

Starts a queen and one hive on this machine, adds the hive to the queen's catalog, and says in three lines what runs, where the catalog is and what to
do next; both log to standard output.
SIGINT or SIGTERM stops both. When one of the two ends, so does the other.

Options:
  -h, --help  show this help

Environment:
${variables}
Exit codes: 0 stopped by a signal, 1 failed to start, or one of the two ended, 2 called wrongly or with settings that cannot be used.
Example: QUEEN_PORT=8501 QUEEN_DATABASE=/tmp/hives.db pnpm start
`;

const { env } = process;
const { HIVE_QUEEN: _ofTls, ...unlessTls } = env;
const hive = readHive([], env.QUEEN_TLS_CERT ? env : unlessTls);
const { id: hiveId, host: hiveHost, port: hivePort } = hive.values ?? {};
// Who reads no further ends nothing.
process.stderr.on("error", () => undefined);
const say = (text) => process.stderr.write(`start: ${text}\n`);
const contactHost = (host) => (host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host);
const toUrl = (host, port) => {
  if (env.QUEEN_TLS_CERT && env.HIVE_QUEEN) return env.HIVE_QUEEN;
  return `http${env.QUEEN_TLS_CERT ? "s" : ""}://${host.includes(":") ? `[${host}]` : host}:${port}`;
};

const NEEDS_TOKEN = `the queen has tokens. To add the hive needs an operator's: make one with
  pnpm queen token create --name start --role operator --out start.token
and start with QUEEN_TOKEN=$(cat start.token). A hive that is in the catalog needs only its own: make one with
  pnpm queen token create --name ${hiveId} --role hive --hive ${hiveId} --out ${hiveId}.token
and start with HIVE_TOKEN_FILE=${hiveId}.token`;

const children = [];
let stopping = false;

/** Passes the signal on once: a terminal and pnpm both send one, and a second would cut the children short. */
function stop(signal) {
  if (stopping) return;
  stopping = true;
  for (const child of children) child.kill(signal);
  const kill = () => {
    for (const child of children) child.kill("SIGKILL");
  };
  setTimeout(kill, STOP_TIMEOUT_MS).unref();
}

/**
 * Starts a program in a process group of its own, on the same standard output. Through the IPC channel it says where it listens, and learns of
 * the end of this process, even when that is killed, and ends too.
 */
function start(name, program, settings = {}) {
  const child = spawn(process.execPath, ["--enable-source-maps", program], {
    env: { ...env, ...settings },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    detached: true,
  });
  children.push(child);
  child.on("exit", (code, signal) => {
    if (!stopping) say(`the ${name} has ended (${signal ?? `exit code ${code}`})`);
    process.exitCode ||= code ?? (stopping && signal !== "SIGKILL" ? 0 : 1);
    stop("SIGTERM");
    // What nobody takes of what was said would hold up the end.
    if (children.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null)) process.exit();
  });
  return { name, message: once(child, "message").then(([message]) => message) };
}

/** What it says once it listens. */
async function started({ name, message }) {
  const deadline = wait(START_TIMEOUT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`the ${name} did not say within ${START_TIMEOUT_MS / 1000} s where it listens`);
  });
  return Promise.race([message, deadline]);
}

async function freePort(host) {
  const server = createServer().listen(0, host);
  await once(server, "listening").catch((error) => {
    throw new Error(`the hive cannot listen on HIVE_HOST ${host}: ${error.message}`);
  });
  const { port } = server.address();
  server.close();
  return port;
}

async function waitForHealth(queen, url) {
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  while (!stopping) {
    const error = await queen.getHealth({ timeoutMs: 5_000 }).then(
      () => undefined,
      (reason) => reason,
    );
    if (error === undefined) return;
    if (performance.now() > deadlineMs) throw new Error(`${url}/health does not answer: ${error.message}`);
    await wait(100);
  }
}

/** Fails with what was asked, and what came of it. */
const failing = (what) => (error) => {
  throw new Error(
    error instanceof QueenProblem
      ? `the queen answers ${error.status} to ${what}: ${error.detail}`
      : `the queen does not answer ${what}: ${error.message}`,
  );
};

/** Adds the local hive. One that is there already stays as it is, but for the host and port that it has now. With a token of its own alone it must be there. */
async function addHive(queen, queenUrl, { host, port }) {
  const address = { host: contactHost(host), port };
  const refusal = await queen.addHive({ id: hiveId, ...address }).then(
    () => undefined,
    (error) => error,
  );
  if (refusal === undefined) return;
  if (refusal.status === 401 && !env.QUEEN_TOKEN) {
    if (!env.HIVE_TOKEN && !env.HIVE_TOKEN_FILE) throw new Error(NEEDS_TOKEN);
    say(
      `without an operator's token (QUEEN_TOKEN) the hive ${hiveId} is neither added nor moved: it beats with its own, as it is in the catalog`,
    );
    return;
  }
  if (refusal.status !== 409) failing(`POST ${queenUrl}/v1/hives`)(refusal);
  const url = `${queenUrl}/v1/hives/${hiveId}`;
  const stored = await queen.getHive(hiveId).catch(failing(`GET ${url}`));
  if (stored.host === address.host && stored.port === port) return;
  await queen.changeHive(hiveId, address).catch(failing(`PATCH ${url}`));
}

async function run() {
  const { listening, catalog } = await started(start("queen", QUEEN));
  const queenUrl = toUrl(contactHost(listening.host), listening.port);
  const fetch = nodeFetch(env.HIVE_QUEEN_CA ? readFileSync(env.HIVE_QUEEN_CA, "utf8") : undefined);
  const queen = new QueenClient({ url: queenUrl, token: env.QUEEN_TOKEN || undefined, fetch, timeoutMs: 10_000 });
  await waitForHealth(queen, queenUrl);
  // Known before the hive is: it beats as soon as it listens, and a beat of a hive that nobody added is refused.
  const port = hivePort === 0 ? await freePort(hiveHost) : hivePort;
  await addHive(queen, queenUrl, { host: hiveHost, port });
  if (stopping) return;
  // Whoever may add the hive may beat for it.
  const token = env.QUEEN_TOKEN && !env.HIVE_TOKEN && !env.HIVE_TOKEN_FILE && { HIVE_TOKEN: env.QUEEN_TOKEN };
  await started(start("hive", HIVE, { HIVE_QUEEN: queenUrl, HIVE_PORT: String(port), ...token }));
  say(`running: a queen at ${queenUrl}, and the hive ${hiveId} on port ${port}`);
  say(`catalog: ${catalogText(catalog)}`);
  say(`next: ${queenUrl} in a browser, or ${hivectlOf(queenUrl)}; Ctrl-C stops both`);
}

function catalogText({ location, isNew, hives }) {
  if (isNew) return `${location}, made new`;
  return hives === undefined ? location : `${location}, with ${hives} ${hives === 1 ? "hive" : "hives"}`;
}

function hivectlOf(url) {
  const words = ["pnpm -s hivectl status"];
  if (env.HIVE_QUEEN_CA) words.unshift(`QUEEN_CA=${env.HIVE_QUEEN_CA}`);
  if (url !== HIVECTLS_QUEEN) words.unshift(`QUEEN_URL=${url}`);
  if (env.QUEEN_TOKEN) words.push("with the same QUEEN_TOKEN");
  return words.join(" ");
}

/** The variables of both programs, a line each. */
function variablesHelp() {
  const variables = [...ofQueen.variables, ...ofHive.variables]
    .filter(({ variable }) => !(variable in OWN_VARIABLES))
    .map(({ variable, help, default: standard }) => [variable, standard ? `${help} (${standard})` : help])
    .concat(Object.entries(OWN_VARIABLES));
  const width = Math.max(...variables.map(([variable]) => variable.length));
  return variables.map(([variable, text]) => `  ${variable.padEnd(width)}  ${text}\n`).join("");
}

function main() {
  if (readFlags("start", help(variablesHelp())) === undefined) return;
  if ("problems" in hive) {
    for (const problem of hive.problems) say(`the hive's ${problem}`);
    process.exitCode = 2;
    return;
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => stop(signal === "SIGHUP" ? "SIGTERM" : signal));
  run().catch((error) => {
    if (stopping) return;
    say(error.message);
    process.exitCode = 1;
    stop("SIGTERM");
  });
}

main();
