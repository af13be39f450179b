import os from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { createApp } from "./app.ts";
import type { Config } from "./config.ts";
import { deviceDetector } from "./devices/devices.ts";
import { Gpus } from "./devices/gpus.ts";
import { type Heartbeats, startHeartbeats } from "./heartbeats.ts";
import { type Once, readOnce } from "./once.ts";
import { renewedAccess } from "./queen-access.ts";
import { TelemetryWatch } from "./telemetry/watch.ts";
import { type Keys, renewedKeys } from "./workers/configured.ts";
import { WorkerWatch } from "./workers/watch.ts";

/** Connections that are still open after this time are cut. */
const CLOSE_TIMEOUT_MS = 3_000;
/** The first beat does not wait longer for what runs on this host. */
const FIRST_READING_MS = 1_000;

/** The agent, put together: all that it is told are its settings. */
export class Hive {
  readonly #config: Config;
  readonly #log: Logger;
  /** Kills what reads devices. */
  readonly #readings = new AbortController();
  readonly #readers: ReturnType<typeof readersOf>;
  #app: FastifyInstance | undefined;
  #heartbeats: Heartbeats | undefined;
  #isStopping = false;

  constructor(config: Config, log: Logger) {
    this.#config = config;
    this.#log = log;
    this.#readers = readersOf(config, this.#readings.signal, log);
  }

  /** Listens and answers the port, which the system chose if the setting is 0; undefined when it was stopped meanwhile. */
  async listen(): Promise<number | undefined> {
    const { id, host, port } = this.#config;
    const { detectDevices, workers } = this.#readers;
    const app = createApp({ id, detectDevices, log: this.#log });
    this.#app = app;
    // So that the first beat after a restart does not say that there are no workers.
    await Promise.race([workers.refresh(), wait(FIRST_READING_MS, undefined, { ref: false })]);
    try {
      await app.listen({ host, port });
    } catch (error) {
      if (!this.#isStopping) throw error;
    }
    if (this.#isStopping) return undefined;
    const address = app.server.address();
    return address !== null && typeof address === "object" ? address.port : port;
  }

  /** Tells its queen from now on what there is, and that it listens on `port`. */
  beat(port: number): void {
    const { id, host, queen, token, queenCa, readAccess, beatIntervalMs: intervalMs } = this.#config;
    const { detectDevices, telemetry, sources } = this.#readers;
    const log = this.#log;
    // At each start, so that the first who asks finds them read, however long that takes.
    void detectDevices().then(() => telemetry?.refresh());
    if (tellsTokenToOthers(this.#config)) {
      log.warn({ queen }, "the token goes over the network in clear text: give the queen a certificate");
    }
    const access = renewedAccess({ token, queenCa }, readAccess, log);
    this.#heartbeats = startHeartbeats({
      queen,
      access,
      hive: { id, host: reachableHost(host), port },
      sources,
      intervalMs,
      log,
    });
  }

  /** What it would send, and what it would not. */
  async readOnce(): Promise<Once> {
    const { detectDevices, telemetry, workers, sources } = this.#readers;
    const { problems } = await detectDevices();
    telemetry?.gpuMemoryByPid(); // what is asked for is read
    return readOnce(this.#config.id, sources, () => workers.leftOut, problems);
  }

  /** Resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const cut = setTimeout(() => this.#app?.server.closeAllConnections(), CLOSE_TIMEOUT_MS);
    this.#readings.abort(new Error("the agent is stopping"));
    this.#readers.workers.stop();
    await Promise.all([this.#heartbeats?.stop(), this.#app?.close()]);
    clearTimeout(cut);
  }
}

/** What reads this host, and what of it a heartbeat says. */
function readersOf(config: Config, signal: AbortSignal, log: Logger) {
  const gpus = new Gpus({ timeoutMs: config.probeTimeoutMs, signal, log });
  const telemetry = config.telemetry ? new TelemetryWatch({ gpus, log }) : undefined;
  const workers = new WorkerWatch({
    discover: config.discover,
    configured: config.workers,
    keys: workerKeysOf(config, log),
    timeoutMs: config.workerTimeoutMs,
    advertiseHost: config.advertiseHost,
    log,
    gpuMemoryByPid: () => telemetry?.gpuMemoryByPid(),
    gpus: () => telemetry?.gpusToUse(),
  });
  // The workers say when they were read, and telemetry tells nothing that is older.
  const sources = telemetry === undefined ? [workers] : [telemetry, workers];
  return { detectDevices: deviceDetector(gpus), telemetry, workers, sources };
}

function workerKeysOf({ workerKeysFile: path, workerKeys: first }: Config, log: Logger): () => Keys {
  return path === "" ? () => first : renewedKeys(path, first, log);
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
