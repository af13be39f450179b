import { setTimeout as delay } from "node:timers/promises";
import { isatty } from "node:tty";
import { onStopSignals } from "@repo/processes";
import type { Logger } from "pino";

/** For running requests to end; then their connections are cut. */
const DRAIN_MS = 3000;
/** For all of it; a queen that is asked to stop is gone within 5 s. */
const STOP_MS = 4500;

/** What runs in this process so far, as far as a signal ends it: a queen who only starts has less. */
export interface Running {
  readonly log: Logger;
  /** Takes nothing new, and resolves when nothing is under way. */
  drain?: () => Promise<void>;
  cutOff?: () => void;
  close?: () => Promise<void>;
  stopping?: true;
}

/** Stops the queen in good order at the first SIGTERM or SIGINT; a second one ends the process at once. Returns what they do. */
export function stopOnSignals(running: Running): (signal: NodeJS.Signals) => void {
  const onFirst = (signal: NodeJS.Signals) => {
    running.stopping = true;
    running.log.info({ signal }, "queen stopping");
    void stop(running);
  };
  return onStopSignals(onFirst, () => process.exit(1));
}

/** Calls `reload` at SIGHUP. Where the terminal of the queen was closed, SIGHUP stops her. */
export function reloadOnSighup(reload: () => void, stop: (signal: NodeJS.Signals) => void): void {
  const hadTerminal = isatty(0);
  process.on("SIGHUP", (signal) => {
    if (hadTerminal && !isatty(0)) stop(signal);
    else reload();
  });
}

async function stop({ drain, cutOff, close, log }: Running): Promise<void> {
  let waitingFor = "requests, health checks or the detection of devices";
  const giveUp = () => {
    log.error({ waiting_for: waitingFor }, `queen did not stop in time: it was still waiting for ${waitingFor}`);
    process.exit(1);
  };
  setTimeout(giveUp, STOP_MS).unref();
  try {
    const drained = drain?.();
    await Promise.race([drained, delay(DRAIN_MS, undefined, { ref: false }).then(cutOff)]);
    await drained;
    waitingFor = "calls of the catalog, which another process may have locked";
    await close?.();
    log.info("queen stopped");
    process.exit(0);
  } catch (error) {
    log.error({ err: error }, "queen could not stop in good order");
    process.exit(1);
  }
}
