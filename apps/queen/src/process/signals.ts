import { setTimeout as delay } from "node:timers/promises";
import { isatty } from "node:tty";
import type { HiveCatalog } from "@repo/hive-catalog";
import type { FastifyBaseLogger } from "fastify";
import type { Tls } from "../http/connections/servers.ts";
import type { Queen } from "../queen.ts";

/** For running requests to end; then their connections are cut. */
const DRAIN_MS = 3000;
/** For all of it; a queen that is asked to stop is gone within 5 s. */
const STOP_MS = 4500;

/** What runs so far: a queen who only starts has neither, or a catalog alone. */
export interface Running {
  readonly log: FastifyBaseLogger;
  catalog?: HiveCatalog;
  queen?: Queen;
  stopping?: true;
}

/** Stops the queen in good order at the first SIGTERM or SIGINT; a second one ends the process at once. Returns what they do. */
export function stopOnSignals(running: Running): (signal: NodeJS.Signals) => void {
  const onSignal = (signal: NodeJS.Signals) => {
    if (running.stopping) process.exit(1);
    running.stopping = true;
    running.log.info({ signal }, "queen stopping");
    void stop(running);
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  return onSignal;
}

interface Reloading {
  running: Running;
  stop: (signal: NodeJS.Signals) => void;
  readCertificate: () => Promise<Tls | undefined>;
}

/** Reads certificate and tokens anew at SIGHUP; a queen who only starts will read them. Where the terminal of the queen was closed, SIGHUP stops her. */
export function reloadOnSighup({ running, stop, readCertificate }: Reloading): void {
  const hadTerminal = isatty(0);
  process.on("SIGHUP", (signal) => {
    const { queen, log } = running;
    if (hadTerminal && !isatty(0)) stop(signal);
    else if (queen !== undefined) void reload({ queen, log, readCertificate });
  });
}

async function reload({
  queen,
  log,
  readCertificate,
}: Pick<Required<Running>, "queen" | "log"> & Pick<Reloading, "readCertificate">): Promise<void> {
  try {
    const tls = await readCertificate();
    if (tls) queen.servers.setCertificate(tls);
    if (tls) log.info("certificate read anew");
  } catch (error) {
    log.error({ err: error }, "the new certificate cannot be used: the old one stays");
  }
  try {
    await queen.door.refresh();
    log.info("tokens read anew");
  } catch (error) {
    log.error({ err: error }, "the tokens could not be read anew");
  }
}

async function stop({ queen, catalog, log }: Running): Promise<void> {
  let waitingFor = "requests, health checks or the detection of devices";
  const giveUp = () => {
    log.error({ waiting_for: waitingFor }, `queen did not stop in time: it was still waiting for ${waitingFor}`);
    process.exit(1);
  };
  setTimeout(giveUp, STOP_MS).unref();
  try {
    const drained = queen?.stop();
    const late = delay(DRAIN_MS, undefined, { ref: false }).then(() => queen?.servers.closeAllConnections());
    await Promise.race([drained, late]);
    await drained;
    waitingFor = "calls of the catalog, which another process may have locked";
    await catalog?.close();
    log.info("queen stopped");
    process.exit(0);
  } catch (error) {
    log.error({ err: error }, "queen could not stop in good order");
    process.exit(1);
  }
}
