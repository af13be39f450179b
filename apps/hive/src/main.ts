import { constants } from "node:os";
import { createLog, printableLines, sayProblems } from "@repo/process-log";
import { printable } from "@repo/process-log/printable";
import { endWithStarter, onStopSignals } from "@repo/processes";
import { print } from "@repo/settings";
import { type Logger, pino } from "pino";
import { type Config, readConfig, SETTINGS } from "./config.ts";
import { removePidFile, writePidFile } from "./control/pid-file.ts";
import { Hive } from "./hive.ts";
import { openLogFile } from "./log-file.ts";
import { onceJson, onceText } from "./once.ts";

function fail(messages: readonly string[], exitCode: number): never {
  sayProblems("hive", messages);
  process.exit(exitCode);
}

async function readConfigOrExit() {
  const reading = readConfig();
  if ("problems" in reading) fail(reading.problems, 2);
  if ("values" in reading) return reading;
  await print("hive", reading.print);
  process.exit();
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

/** The first signal stops the agent in order, the second at once. */
function stopOnSignal(log: Logger, hive: Hive, { pidFile }: Config): void {
  const stop = (signal: NodeJS.Signals) => {
    log.info({ signal }, "hive stopping");
    hive.stop().then(
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

endWithStarter();

const { values: config, warnings } = await readConfigOrExit();
if (config.once) await printOnce();
else await run();

async function run(): Promise<void> {
  const log = openLog();
  const hive = new Hive(config, log);
  stopOnSignal(log, hive, config);
  for (const warning of warnings) log.warn(warning);
  const port = await hive.listen().catch((error) => fail([whyNotListening(error, config)], 1));
  if (port === undefined) return;
  if (config.pidFile !== "") made("--pid-file (HIVE_PID_FILE)", () => writePidFile(config.pidFile));
  hive.beat(port);
  // Said last: whoever reads it may send a signal at once.
  log.info({ host: config.host, port }, "hive listening");
  process.send?.({ listening: { host: config.host, port } }, () => undefined);
}

/** Ends by itself: what it starts holds nothing up. */
async function printOnce(): Promise<void> {
  const once = await new Hive(config, pino({ level: "silent" })).readOnce();
  const isForPeople = process.stdout.isTTY && !config.json;
  const { stdout, stderr } = isForPeople ? { stdout: onceText(once, config.queen), stderr: "" } : onceJson(once);
  process.stderr.write(stderr);
  await print("hive", stdout);
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
