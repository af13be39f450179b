import type { AddressInfo } from "node:net";
import { HiveCatalog } from "@repo/hive-catalog";
import { pino } from "pino";
import { readPage } from "../../../scripts/build/page.js";
import { readConfig } from "../src/config/config.ts";
import { readTls } from "../src/http/connections/tls.ts";
import { systemClock } from "../src/process/clock.ts";
import { assembleQueen, type Queen } from "../src/queen.ts";
import { Names } from "../src/reach/names.ts";
import { Metrics } from "../src/telling/metrics.ts";
import { environment } from "./daemon.ts";
import { HIVE } from "./programs.ts";

export interface OwnQueen extends Queen, AsyncDisposable {
  readonly url: string;
}

/**
 * A queen in this process, with the settings of `env`, as `main.ts` runs one in hers: whoever calls her sees no difference, and no process has to load Node and the
 * program first. What a process has for itself, such as signals and a log, `Daemon` shows.
 */
export async function openQueen(env: NodeJS.ProcessEnv): Promise<OwnQueen> {
  const read = readConfig([], environment({ QUEEN_PORT: "0", QUEEN_ALLOWED_HOSTS: "127.0.0.0/8,::1", ...env }));
  if (!("config" in read)) throw new Error(`not the settings of a queen: ${JSON.stringify(read)}`);
  const { config } = read;
  const tls = config.tlsFiles && readTls(config.tlsFiles);
  const metrics = new Metrics();
  const catalog = await HiveCatalog.open(config.database, { onCommit: metrics.onCommit });
  const queen = assembleQueen({
    ...config,
    tls,
    catalog,
    metrics,
    log: pino({ level: "silent" }),
    clock: systemClock,
    resolve: new Names().resolve,
    agentFile: HIVE,
    readPage,
  });
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= queen.stop().then(() => catalog.close()));
  await queen.app.listen({ host: config.host, port: config.port });
  const firstRound = endOfRound(queen);
  queen.start();
  // Of hives that are added from now on, none is asked before its time.
  await firstRound;
  const { port } = queen.app.server.address() as AddressInfo;
  return { ...queen, url: `${tls ? "https" : "http"}://${config.host}:${port}`, stop, [Symbol.asyncDispose]: stop };
}

/** Resolves when the next health round is over, however it ends. */
function endOfRound({ watch }: Queen): Promise<void> {
  const run = watch.runRound.bind(watch);
  return new Promise((resolve) => {
    watch.runRound = () => run().finally(resolve);
  });
}
