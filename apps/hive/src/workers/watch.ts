import type { Logger } from "pino";
import type { Reading } from "./adapter.ts";
import { ADAPTERS } from "./adapters.ts";
import { createAsk } from "./ask.ts";
import { isTellable, type ModelOnDiskJson, modelsOnDisk, type WorkerJson, workerToJson } from "./beat-json.ts";
import { BeatRoom } from "./beat-room.ts";
import { type ConfiguredServer, type Keys, keyFor } from "./configured.ts";
import { type Finding, type LeftOut, ServerFinder } from "./find.ts";
import { listenersOf } from "./listeners.ts";
import { type GpuMemoryByPid, type GpuView, measureOnGpus, readKfdPids } from "./measure.ts";
import { Proc } from "./proc.ts";
import { ProcessTree, ramBytesOf } from "./process-tree.ts";
import { type Target, targetsOf, withoutStartedByNamed } from "./target.ts";
import { type AskOf, MAX_MODELS, WatchedServer } from "./watched-server.ts";

export type { WorkerJson } from "./beat-json.ts";

const SERVERS_AT_ONCE = 4;
const READING_TIMEOUT_MS = 5000;
/** A reading that takes longer hangs where no deadline reaches it, in the kernel; or one after the other failed. */
const HANGING_MS = 60_000;

export interface WorkerWatchOptions {
  /** Whether servers are found by their processes. */
  readonly discover: boolean;
  readonly configured: readonly ConfiguredServer[];
  /** As they are by now; the same object, as long as they are the same. */
  readonly keys: () => Keys;
  /** How long a server may take for one answer. */
  readonly timeoutMs: number;
  /** The name under which others reach this host; "" where the queen knows it better. */
  readonly advertiseHost: string;
  readonly log: Logger;
  /** How long a reading of all servers may take. Default: 5 s. */
  readonly readingTimeoutMs?: number;
  readonly proc?: Proc;
  /** The newest that is known of GPUs. */
  readonly gpuMemoryByPid?: (() => GpuMemoryByPid | undefined) | undefined;
  readonly gpus?: (() => GpuView["gpus"]) | undefined;
}

/** What a heartbeat says of workers. */
export interface WorkersReading {
  readonly workers: readonly WorkerJson[];
  readonly models_on_disk?: readonly ModelOnDiskJson[];
  /** Absent until there is one. */
  readonly read_at?: string;
}

/** Where nothing is looked for. */
const NOTHING: Finding = { found: [], leftOut: [], tree: new ProcessTree([], 0) };

interface Told {
  readonly json: WorkerJson;
  readonly process: Target["process"];
  /** All that belong to it. */
  readonly pids: readonly number[];
  /** Whether one of them uses a GPU by AMD's driver. */
  readonly usesKfd: boolean;
}

/** The processes of this host at this reading, and at the one before. */
interface Trees {
  readonly tree: ProcessTree;
  readonly before: ProcessTree | undefined;
}

/** Reads the servers of this host between the heartbeats, so that none waits for it. */
export class WorkerWatch {
  readonly #options: WorkerWatchOptions;
  readonly #proc: Proc;
  readonly #finder: ServerFinder;
  readonly #stopping = new AbortController();
  #servers = new Map<string, WatchedServer>();
  #keys: Keys | undefined;
  #tree: ProcessTree | undefined;
  #newest: { told: readonly Told[]; models: readonly ModelOnDiskJson[]; readAt?: string } = { told: [], models: [] };
  #reading: Promise<void> | undefined;
  /** When the first reading since the newest one began. */
  #unreadSinceMs: number | undefined;
  /** Servers that are there and not told of, and why. */
  leftOut: readonly LeftOut[] = [];

  constructor(options: WorkerWatchOptions) {
    this.#options = options;
    this.#proc = options.proc ?? new Proc();
    this.#finder = new ServerFinder(this.#proc, ADAPTERS);
  }

  /** The newest reading, without those that have ended since, with what is known of GPUs at this moment. */
  latest(): WorkersReading {
    const { told, models, readAt } = this.#newest;
    const living = told.filter(({ process }) => process === undefined || this.#proc.isRunning(process) !== false);
    const unreadMs = this.#unreadSinceMs === undefined ? 0 : performance.now() - this.#unreadSinceMs;
    const health = unreadMs < HANGING_MS ? {} : { health_status: `no reading for ${Math.round(unreadMs / 1000)} s` };
    return {
      workers: living.map((one) => ({ ...this.#withGpus(one), ...health })),
      ...(readAt !== undefined && { models_on_disk: models, read_at: readAt }),
    };
  }

  #withGpus({ json, pids, usesKfd }: Told): WorkerJson {
    const { gpuMemoryByPid, gpus } = this.#options;
    if (pids.length === 0) return json;
    // What is measured of its memory wins over what its server says.
    const measured = measureOnGpus(pids, { gpuMemory: gpuMemoryByPid?.(), gpus: gpus?.() });
    return { ...json, ...measured, ...(usesKfd && measured.backend !== "cuda" && { backend: "rocm" }) };
  }

  /** Reads anew, one reading at a time; resolves when that is done, and never rejects. */
  refresh(): Promise<void> {
    this.#unreadSinceMs ??= performance.now();
    this.#reading ??= this.#read()
      .then(() => {
        this.#unreadSinceMs = undefined;
      })
      .catch((error: unknown) => {
        if (!this.#stopping.signal.aborted) this.#options.log.error({ err: error }, "workers could not be read");
      })
      .finally(() => {
        this.#reading = undefined;
      });
    return this.#reading;
  }

  stop(): void {
    this.#stopping.abort(new Error("the agent is stopping"));
  }

  async #read(): Promise<void> {
    const readAt = new Date();
    const { discover, configured } = this.#options;
    for (const [key, server] of this.#servers) if (server.isSilent) this.#finder.forget(key);
    const finding = discover ? await this.#finder.find() : NOTHING;
    const listeners = configured.length > 0 ? await listenersOf(this.#proc) : [];
    const found = withoutStartedByNamed(finding, configured, listeners, this.#proc);
    const targets = targetsOf(found, configured, listeners);
    const servers = this.#serversOf(targets, readAt.getTime());
    await this.#ask(servers, new Map(targets.map((target) => [target.key, target])), readAt.getTime());
    await this.#tell(servers, finding, readAt);
  }

  /** Those that were known go on; which of them are gone is said. */
  #serversOf(targets: readonly Target[], nowMs: number): WatchedServer[] {
    const { log } = this.#options;
    const before = this.#servers;
    const known = targets.map((target) => before.get(target.key) ?? new WatchedServer(target, nowMs));
    this.#servers = new Map(known.map((server) => [server.target.key, server]));
    for (const { target, kind } of known) if (!before.has(target.key)) log.info(wordsOf(kind, target), "server found");
    for (const [key, { target, kind }] of before)
      if (!this.#servers.has(key)) log.info(wordsOf(kind, target), "server gone");
    return known;
  }

  async #ask(servers: readonly WatchedServer[], targets: ReadonlyMap<string, Target>, nowMs: number): Promise<void> {
    const { timeoutMs, readingTimeoutMs = READING_TIMEOUT_MS } = this.#options;
    const keys = this.#options.keys();
    if (keys !== this.#keys) for (const server of servers) server.forgetRefusals();
    this.#keys = keys;
    const reading = new AbortController();
    const end = () => reading.abort();
    const timer = setTimeout(end, readingTimeoutMs);
    this.#stopping.signal.addEventListener("abort", end, { once: true });
    const askOf: AskOf = (base, paths, isConfigured) =>
      createAsk({ base, paths, isConfigured, key: keyFor(keys, base), timeoutMs, signal: reading.signal });
    try {
      await readInTurn(servers, reading.signal, (server, isCutShort) =>
        server.read(targets.get(server.target.key) ?? server.target, { askOf, nowMs, isCutShort }),
      );
    } finally {
      clearTimeout(timer);
      this.#stopping.signal.removeEventListener("abort", end);
    }
  }

  async #tell(servers: readonly WatchedServer[], finding: Finding, readAt: Date): Promise<void> {
    const { advertiseHost } = this.#options;
    const kfdPids = servers.length === 0 ? new Set<number>() : await readKfdPids();
    const trees = { tree: finding.tree, before: this.#tree };
    this.#tree = finding.tree;
    const told: Told[] = [];
    const leftOut = [...finding.leftOut];
    const ids = new Set<string>();
    for (const server of servers) {
      leftOut.push(...leftOutOf(server));
      for (const reading of server.readings) {
        const one = this.#toldOf(server, reading, trees, kfdPids);
        const why = whyNotTold(one.json, ids);
        if (why === undefined) told.push(one);
        else leftOut.push({ what: `${nameOf(server)}, worker ${one.json.worker_id}`, why });
        ids.add(one.json.worker_id);
      }
    }
    const room = new BeatRoom();
    const onDisk = servers.flatMap((server) => modelsOnDisk(server, advertiseHost));
    this.#newest = {
      told: room.take("workers", told, ({ json }) => json),
      models: room.take("models on disk", onDisk, (json) => json),
      readAt: readAt.toISOString(),
    };
    this.#sayLeftOut([...leftOut, ...room.leftOut]);
  }

  #toldOf(server: WatchedServer, reading: Reading, trees: Trees, kfdPids: ReadonlySet<number>): Told {
    const { process } = server.target;
    const alone = server.readings.length === 1 ? process?.pid : undefined;
    const pid = reading.pid ?? alone;
    // And all that it started: the one that answers requests often holds no memory of its own.
    const pids = pid === undefined ? [] : trees.tree.withDescendants(pid);
    const json = {
      ...workerToJson(server, reading, this.#options.advertiseHost),
      ram_bytes: ramBytesOf(this.#proc, pids),
      cpu_percent: pid === undefined ? undefined : trees.tree.cpuPercent(pid, trees.before),
    };
    return { json, process, pids, usesKfd: pids.some((one) => kfdPids.has(one)) };
  }

  /** Once for each, for as long as it stays so. */
  #sayLeftOut(leftOut: readonly LeftOut[]): void {
    const said = new Set(this.leftOut.map(({ what, why }) => `${what}: ${why}`));
    for (const { what, why } of leftOut) {
      if (!said.has(`${what}: ${why}`)) this.#options.log.warn(`${what} is left out: ${why}`);
    }
    this.leftOut = leftOut;
  }
}

/**
 * A few at once, who waits longest first, until `signal` says that the time of a reading is over. Those that were silent may take all of their time, and have the
 * way of one: they keep nobody waiting, and are kept from nothing. `isCutShort` tells whether that was so, and the server had not all of the time.
 */
async function readInTurn(
  servers: readonly WatchedServer[],
  signal: AbortSignal,
  read: (server: WatchedServer, isCutShort: () => boolean) => Promise<void>,
): Promise<void> {
  const inTurn = servers.toSorted((a, b) => a.askedMs - b.askedMs);
  const silent = inTurn.filter(({ isSilent }) => isSilent).values();
  const others = inTurn.filter(({ isSilent }) => !isSilent).values();
  const work = async (queue: Iterable<WatchedServer>) => {
    let isLate = false;
    for (const server of queue) {
      if (signal.aborted) return;
      await read(server, () => isLate && signal.aborted);
      isLate = true;
    }
  };
  const ways = Array.from({ length: SERVERS_AT_ONCE }, (_, way) =>
    work(way === 0 ? both(silent, others) : both(others, silent)),
  );
  await Promise.all(ways);
}

function* both<Item>(first: Iterable<Item>, second: Iterable<Item>): Generator<Item> {
  yield* first;
  yield* second;
}

const nameOf = ({ target: { process, key }, kind }: WatchedServer): string =>
  process === undefined ? key : `${kind} (pid ${process.pid})`;

function leftOutOf(server: WatchedServer): LeftOut[] {
  const what = nameOf(server);
  const more = { what: `${what}, the rest of its models`, why: `there are more than ${MAX_MODELS}` };
  return [
    ...(server.leftOut === undefined ? [] : [{ what, why: server.leftOut }]),
    ...(server.hasMoreModels ? [more] : []),
  ];
}

const wordsOf = (kind: string, { process, port, base }: Target) => ({
  server: kind,
  pid: process?.pid,
  port,
  at: base?.origin,
});

function whyNotTold(json: WorkerJson, ids: ReadonlySet<string>): string | undefined {
  if (!isTellable(json.model_id)) return "the name of its model has more than 256 characters";
  return ids.has(json.worker_id) ? "another worker has this id" : undefined;
}
