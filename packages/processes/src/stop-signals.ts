/** Where another program, such as pnpm, passes on what a terminal sends to both, one Ctrl-C comes twice. */
const ONE_CTRL_C_MS = 300;

type OnSignal = (signal: NodeJS.Signals) => void;

/** At which other daemons open their logs anew. Node opens a debugger to every user of the machine at the one, and ends at the other. */
const FOR_LOGS = ["SIGUSR1", "SIGUSR2"] as const;

/**
 * Calls `stop` at the first SIGTERM or SIGINT, and `stopAtOnce` at those that follow, and does nothing at those for logs. Returns what each of the
 * first does.
 */
export function onStopSignals(stop: OnSignal, stopAtOnce: OnSignal): OnSignal {
  let first: { signal: NodeJS.Signals; atMs: number } | undefined;
  const onSignal: OnSignal = (signal) => {
    const atMs = performance.now();
    if (first === undefined) {
      first = { signal, atMs };
      stop(signal);
    } else if (signal !== "SIGINT" || first.signal !== "SIGINT" || atMs - first.atMs > ONE_CTRL_C_MS) {
      stopAtOnce(signal);
    }
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  for (const signal of FOR_LOGS) process.on(signal, () => undefined);
  return onSignal;
}

/** Whoever started this process with an IPC channel, as `pnpm start` does, takes it along when it is killed. */
export function endWithStarter(): void {
  const end = () => process.kill(process.pid, "SIGTERM");
  if (process.send !== undefined && !process.connected) end();
  process.on("disconnect", end);
  process.channel?.unref();
}
