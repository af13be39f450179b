import { setTimeout as delay } from "node:timers/promises";
import type { HiveCatalog } from "@repo/hive-catalog";
import type { FastifyBaseLogger } from "fastify";
import type { Queen } from "./queen.ts";

/** For running requests to end; then their connections are cut. */
const DRAIN_MS = 3000;
/** For all of it; a queen that is asked to stop is gone within 5 s. */
const STOP_MS = 4500;

interface Running {
  queen: Queen;
  catalog: HiveCatalog;
  log: FastifyBaseLogger;
}

/** Stops the queen in good order at the first SIGTERM or SIGINT; a second one ends the process at once. */
export function stopOnSignals(running: Running): void {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    running.log.info({ signal }, "queen stopping");
    void stop(running);
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
}

async function stop({ queen, catalog, log }: Running): Promise<void> {
  let waitingFor = "requests, health checks or the detection of devices";
  const giveUp = () => {
    log.error({ waiting_for: waitingFor }, `queen did not stop in time: it was still waiting for ${waitingFor}`);
    process.exit(1);
  };
  setTimeout(giveUp, STOP_MS).unref();
  try {
    const drained = queen.stop();
    const late = delay(DRAIN_MS, undefined, { ref: false }).then(() => queen.app.server.closeAllConnections());
    await Promise.race([drained, late]);
    await drained;
    waitingFor = "calls of the catalog, which another process may have locked";
    await catalog.close();
    log.info("queen stopped");
    process.exit(0);
  } catch (error) {
    log.error({ err: error }, "queen could not stop in good order");
    process.exit(1);
  }
}
