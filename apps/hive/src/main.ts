import os, { constants } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { createLog, printableLines } from "@repo/process-log";
import { printable } from "@repo/process-log/printable";
import { endWithStarter, onStopSignals } from "@repo/processes";
import { print } from "@repo/settings";
import type { FastifyInstance } from "fastify";
import { type Logger, pino } from "pino";
import { createApp } from "./app.ts";
import { type Config, readConfig, SETTINGS } from "./config.ts";
import { removePidFile, writePidFile } from "./control/pid-file.ts";
import { createDeviceDetector } from "./devices/devices.ts";
import { Gpus } from "./devices/gpus.ts";
import { type Heartbeats, startHeartbeats } from "./heartbeats.ts";
import { openLogFile } from "./log-file.ts";
import { onceJson, onceText, readOnce } from "./once.ts";
import { renewedAccess } from "./queen-access.ts";
import { TelemetryWatch } from "./telemetry/watch.ts";
import { type Keys, renewedKeys } from "./workers/configured.ts";
import { WorkerWatch } from "./workers/watch.ts";

/** Connections that are still open after this time are cut. */
const CLOSE_TIMEOUT_MS = 3_000;
/** The first beat does not wait longer for what runs on this host. */
const FIRST_READING_MS = 1_000;

function fail(messages: readonly string[], exitCode: number): never {
  process.stderr.write(messages.map((message) => `hive: ${printable(message)}\n`).join(""));
  process.exit(exitCode);
}

function readConfigOrExit() {
  const reading = readConfig();
  if ("problems" in reading) fail(reading.problems, 2);
  if ("values" in reading) return reading;
  process.stdout.write(reading.print);
  process.exit(0);
}

function whyNotListening(error: NodeJS.ErrnoException, { host, port }: Config): string {
  if (error.code === "EADDRINUSE")
    return `port ${port} on ${host} is taken: stop what listens there or choose another with ${SETTINGS.howToSet("port")}`;
  if (error.code === "EACCES")
    return `port ${port} on ${host} may not be used by this user: choose another with ${SETTINGS.howToSet("port")}`;
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND") {
    return `${host} is no address of this machine: choose another with ${SETTINGS.howToSet("host")}`;
  }
  return `cannot listen on ${host}, port ${port}: ${error.message}`;
}

/** Makes what a setting names. */
function made<Result>(setting: string, make: () => Result): Result {
  try {
    return make();
  } catch (error) {
    fail([`${setting} cannot be written: ${error instanceof Error ? error.message : error}`], 2);
  }
}

/** Listens and answers the port, which the system chose if the setting is 0; undefined when a signal came meanwhile. */
async function listen(app: FastifyInstance, config: Config): Promise<number | undefined> {
  try {
    await app.listen({ host: config.host, port: config.port });
  } catch (error) {
    if (!running.stopping) fail([whyNotListening(error as NodeJS.ErrnoException, config)], 1);
  }
  if (running.stopping) return undefined;
  const address = app.server.address();
  return address !== null && typeof address === "object" ? address.port : config.port;
}

/** Whether the token travels so that others on the way can read it. */
function tellsTokenToOthers({ queen, token }: Config): boolean {
  const { protocol, hostname } = new URL(queen);
  return token !== undefined && protocol === "http:" && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
}

/** The host by which a queen can reach a hive that listens on `host`. */
function reachableHost(host: string): string {
  return host === "0.0.0.0" || host === "::" ? os.hostname() : host;
}

/** What runs so far: an agent that only starts has less. */
interface Running {
  app?: FastifyInstance;
  /** Kills what reads devices. */
  readings: AbortController;
  workers?: WorkerWatch;
  heartbeats?: Heartbeats;
  stopping?: true;
}

/** The first signal stops the agent in order, the second at once. */
function stopOnSignal(log: Logger, running: Running, { pidFile }: Config): void {
  const stop = (signal: NodeJS.Signals) => {
    running.stopping = true;
    log.info({ signal }, "hive stopping");
    stopAll(running).then(
      () => {
        if (pidFile !== "") removePidFile(pidFile);
        process.exit(0);
      },
      (error: unknown) => {
        log.error({ err: error }, "hive did not stop cleanly");
        process.exit(1);
      },
    );
  };
  onStopSignals(stop, (signal) => process.exit(128 + constants.signals[signal]));
}

async function stopAll({ app, readings, workers, heartbeats }: Running): Promise<void> {
  const cut = setTimeout(() => app?.server.closeAllConnections(), CLOSE_TIMEOUT_MS);
  readings.abort(new Error("the agent is stopping"));
  workers?.stop();
  await Promise.all([heartbeats?.stop(), app?.close()]);
  clearTimeout(cut);
}

endWithStarter();

const { values: config, warnings } = readConfigOrExit();
const running: Running = { readings: new AbortController() };
if (config.once) await printOnce();
else await run();

async function run(): Promise<void> {
  const log = openLog();
  stopOnSignal(log, running, config);
  for (const warning of warnings) log.warn(warning);
  const { detector, workers, telemetry, sources } = readers(log);
  const app = createApp({ id: config.id, detectDevices: detector.detect, log });
  running.app = app;
  running.workers = workers;
  await firstReading(workers);
  const port = await listen(app, config);
  if (port === undefined) return;
  if (config.pidFile !== "") made("--pid-file (HIVE_PID_FILE)", () => writePidFile(config.pidFile));
  // At each start, so that the first who asks finds them read, however long that takes.
  void detector.detect().then(() => telemetry?.refresh());
  if (tellsTokenToOthers(config)) {
    log.warn({ queen: config.queen }, "the token goes over the network in clear text: give the queen a certificate");
  }
  running.heartbeats = startHeartbeats({
    queen: config.queen,
    access: renewedAccess({ token: config.token, queenCa: config.queenCa }, config.readAccess, log),
    hive: { id: config.id, host: reachableHost(config.host), port },
    sources,
    intervalMs: config.beatIntervalMs,
    log,
  });
  // Said last: whoever reads it may send a signal at once.
  log.info({ host: config.host, port }, "hive listening");
  process.send?.({ listening: { host: config.host, port } }, () => undefined);
}

/** Ends by itself: what it starts holds nothing up. */
async function printOnce(): Promise<void> {
  const { detector, workers, telemetry, sources } = readers(pino({ level: "silent" }));
  const { problems } = await detector.detect();
  telemetry?.gpuMemoryByPid(); // what is asked for is read
  const once = await readOnce(config.id, sources, () => workers.leftOut, problems);
  if (process.stdout.isTTY && !config.json) return print("hive", onceText(once, config.queen));
  const { stdout, stderr } = onceJson(once);
  process.stderr.write(stderr);
  await print("hive", stdout);
}

/** What reads this host, and what of it a heartbeat says. */
function readers(log: Logger) {
  const gpus = new Gpus({ timeoutMs: config.probeTimeoutMs, signal: running.readings.signal, log });
  const telemetry = config.telemetry ? new TelemetryWatch({ gpus, log }) : undefined;
  const workers = new WorkerWatch({
    discover: config.discover,
    configured: config.workers,
    keys: workerKeys(log),
    timeoutMs: config.workerTimeoutMs,
    advertiseHost: config.advertiseHost,
    log,
    gpuMemoryByPid: () => telemetry?.gpuMemoryByPid(),
    gpus: () => telemetry?.gpusToUse(),
  });
  // The workers say when they were read, and telemetry tells nothing that is older.
  const sources = telemetry === undefined ? [workers] : [telemetry, workers];
  return { detector: createDeviceDetector(gpus), telemetry, workers, sources };
}

function workerKeys(log: Logger): () => Keys {
  const { workerKeysFile: path, workerKeys: first } = config;
  return path === "" ? () => first : renewedKeys(path, first, log);
}

/** So that the first beat after a restart does not say that there are no workers. */
async function firstReading(workers: WorkerWatch): Promise<void> {
  await Promise.race([workers.refresh(), wait(FIRST_READING_MS, undefined, { ref: false })]);
}

function openLog(): Logger {
  const { logFile, logLevel: level, id } = config;
  const options = { level, base: { hive: id } };
  if (logFile === "") return createLog(options);
  return pino(options, printableLines(made("--log-file (HIVE_LOG_FILE)", () => openLogFile(logFile, sayLoss))));
}

function sayLoss(error: unknown): void {
  const reason = printable(error instanceof Error ? error.message : String(error));
  process.stderr.write(`hive: the log cannot be written: ${reason}\n`);
}
