import type { Program, ServerProcess } from "./adapter.ts";
import { addressesOf, type PublishedPort } from "./containers.ts";
import { isLoopback, type Listener, listenersOf, widestOf } from "./listeners.ts";
import type { Proc } from "./proc.ts";

/** Where a process listens, in which no network namespace but that of this host counts; undefined for one that does not yet. */
export type Place =
  | { readonly listener: Pick<Listener, "address" | "port">; readonly isContained?: true }
  | { readonly why: string }
  | undefined;

interface Wanted {
  readonly process: ServerProcess;
  readonly program: Program;
  /** The port that it was told, or has by default. */
  readonly told: number;
  /** What it started: some let one of these listen for them. */
  readonly descendants: readonly number[];
}

export const keyOf = ({ pid, startTime }: Pick<ServerProcess, "pid" | "startTime">): string => `${pid}@${startTime}`;

/** Finds where processes listen. Where connections are many, the tables that say it are long: they are read only for a process that is new. */
export class Places {
  readonly #proc: Proc;
  #known = new Map<string, Place>();
  #listeners: Promise<readonly Listener[]> | undefined;

  constructor(proc: Proc) {
    this.#proc = proc;
  }

  /** Begins a reading, in which these processes are there. */
  begin(processes: readonly ServerProcess[]): void {
    const keys = processes.map(keyOf);
    this.#known = new Map(keys.flatMap((key) => (this.#known.has(key) ? [[key, this.#known.get(key)]] : [])));
    this.#listeners = undefined;
  }

  /** Of a server that does not answer where it was. */
  forget(key: string): void {
    this.#known.delete(key);
  }

  async of(wanted: Wanted, published: readonly PublishedPort[]): Promise<Place> {
    const key = keyOf(wanted.process);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const place = await this.#find(wanted, published);
    if (place !== undefined && "listener" in place) this.#known.set(key, place);
    return place;
  }

  /**
   * Among the listeners that the process itself sees: in a container those are others than here. Its sockets say it best; where they may not be read, a
   * listener of its user on the port that it was told.
   */
  async #find({ process, program, told, descendants }: Wanted, published: readonly PublishedPort[]): Promise<Place> {
    const sockets = this.#proc.sockets(process.pid);
    const uid = this.#proc.status(process.pid).get("Uid");
    const choose = (all: readonly Listener[]) => {
      const its = all.filter((one) => (sockets === undefined ? one.uid === uid : sockets.has(one.inode)));
      const ports = new Set(its.map(({ port }) => port));
      const [only] = sockets !== undefined && ports.size === 1 && program.isAtToldPort?.(process) !== true ? ports : [];
      return widestOf(its, told) ?? (only === undefined ? this.#ofAny(descendants, all, told) : widestOf(its, only));
    };
    const seen = await listenersOf(this.#proc, process.pid);
    const listener = choose(seen);
    if (listener === undefined) return undefined;
    return (await this.#areHere(seen)) ? { listener } : this.#publishedPlace(process, listener, published);
  }

  #ofAny(pids: readonly number[], listeners: readonly Listener[], port: number): Listener | undefined {
    const there = listeners.filter((one) => one.port === port);
    if (there.length === 0) return undefined;
    const theirs = pids.map((pid) => this.#proc.sockets(pid));
    return widestOf(
      there.filter(({ inode }) => theirs.some((sockets) => sockets?.has(inode))),
      port,
    );
  }

  /** A socket has its inode in one network namespace alone. One that began a moment ago may be missing from what was read of this host before. */
  async #areHere(listeners: readonly Listener[]): Promise<boolean> {
    this.#listeners ??= listenersOf(this.#proc);
    const here = new Set((await this.#listeners).map(({ inode }) => inode));
    return listeners.some(({ inode }) => here.has(inode));
  }

  async #publishedPlace(
    { pid }: ServerProcess,
    listener: Listener,
    published: readonly PublishedPort[],
  ): Promise<Place> {
    const { address, port } = listener;
    const addresses = await addressesOf(this.#proc, pid);
    const ways: PublishedPort[] = [];
    for (const way of published) {
      if (way.containerPort !== port || !addresses.has(way.containerAddress)) continue;
      // A Docker inside a container publishes there, with the same addresses.
      if (await this.#areHere(await listenersOf(this.#proc, way.pid))) ways.push(way);
    }
    const one = ways.find(({ hostAddress }) => !isLoopback(hostAddress)) ?? ways[0];
    if (one !== undefined && isLoopback(address)) {
      const where = `on ${address} of its container alone, where docker-proxy does not reach it`;
      return { why: `it listens ${where}: let it listen on 0.0.0.0` };
    }
    if (one !== undefined) return { listener: { address: one.hostAddress, port: one.hostPort }, isContained: true };
    return { why: `it is in a container, and no docker-proxy publishes its port ${port}: name it with HIVE_WORKERS` };
  }
}
