import type { Adapter, Program, ServerKind, ServerProcess } from "./adapter.ts";
import { optionOf, portIn } from "./argv.ts";
import { CommandLines } from "./command-lines.ts";
import { type PublishedPort, publishedBy } from "./containers.ts";
import { baseOf, type Reachable, reachOf } from "./listeners.ts";
import { type Place, Places } from "./places.ts";
import type { Proc, Stat } from "./proc.ts";
import { ProcessTree, TICKS_PER_SECOND } from "./process-tree.ts";

const MAX_SERVERS = 64;
/** Who does not listen by then is no server that loads, but one that listens elsewhere or never. */
const LOADING_MINUTES = 30;
const ADVICE = "name it with HIVE_WORKERS if it is elsewhere";

/** A server that was found by its process. */
export interface Found {
  readonly kind: ServerKind;
  readonly process: ServerProcess;
  /** On this host. */
  readonly port: number;
  /** Where it is asked; undefined while it does not listen. */
  readonly base: URL | undefined;
  /** Undefined while it does not listen. */
  readonly reachable: Reachable | undefined;
  /** What it started for its models; without an address where it cannot be asked. */
  readonly runners: readonly { readonly process: ServerProcess; readonly base: URL | undefined }[];
}

/** A server that was seen and cannot be read, in the words of an operator. */
export interface LeftOut {
  readonly what: string;
  readonly why: string;
}

export interface Finding {
  readonly found: readonly Found[];
  readonly leftOut: readonly LeftOut[];
  readonly tree: ProcessTree;
}

interface Candidate {
  readonly adapter: Adapter & { readonly program: Program };
  readonly process: ServerProcess;
}

/** Finds the servers among the processes of this host. No port is tried: a printer prints what it is sent. */
export class ServerFinder {
  readonly #proc: Proc;
  readonly #known: readonly Candidate["adapter"][];
  readonly #lines: CommandLines;
  readonly #places: Places;

  constructor(proc: Proc, adapters: readonly Adapter[]) {
    this.#proc = proc;
    this.#known = adapters.filter((adapter): adapter is Candidate["adapter"] => adapter.program !== undefined);
    this.#places = new Places(proc);
    this.#lines = new CommandLines(proc, (argv) => this.#adapterOf(argv) !== undefined);
  }

  async find(): Promise<Finding> {
    const stats = this.#proc.stats();
    const tree = new ProcessTree(stats, performance.now());
    const lines = await this.#lines.of(stats);
    const candidates = lines.flatMap(({ stat: { pid, startTime }, argv, environment }): Candidate[] => {
      const adapter = this.#adapterOf(argv);
      return adapter === undefined ? [] : [{ adapter, process: { pid, startTime, argv, environment } }];
    });
    const unread = [...this.#unread(), ...this.#hidden(stats)];
    if (candidates.length === 0) return { found: [], leftOut: unread, tree };
    const published = lines.flatMap(({ stat: { pid }, argv }) => publishedBy(pid, argv) ?? []);
    this.#places.begin(candidates.map(({ process }) => process));
    const uptimeSeconds = this.#proc.uptimeSeconds();
    const settled = await settle({ tree, places: this.#places, published, candidates, uptimeSeconds });
    return { found: settled.found, leftOut: [...settled.leftOut, ...unread], tree };
  }

  /** Looks anew where a process listens that does not answer where it did. */
  forget(key: string): void {
    this.#places.forget(key);
  }

  #unread(): LeftOut[] {
    const pids = this.#lines.stuckPids;
    if (pids.length === 0) return [];
    const hang = `processes ${pids.join(" and ")} hang in the kernel, or this host has no time for its agent`;
    const why = `${hang}: until their command lines come no other is read`;
    return [{ what: "each new server", why }];
  }

  /** Everybody sees the first process, unless those of others are hidden; without a /proc nobody sees any. */
  #hidden(stats: readonly Stat[]): LeftOut[] {
    if (stats.length === 0 || stats.some(({ pid }) => pid === 1)) return [];
    const why = "/proc shows no process of others (hidepid): name it with HIVE_WORKERS";
    return [{ what: "each server of another user", why }];
  }

  #adapterOf(argv: readonly string[]): Candidate["adapter"] | undefined {
    return this.#known.find(({ program }) => program.matches(argv) || program.isRunner?.(argv));
  }
}

interface Scene {
  readonly tree: ProcessTree;
  readonly places: Places;
  readonly published: readonly PublishedPort[];
  readonly candidates: readonly Candidate[];
  readonly uptimeSeconds: number | undefined;
}

/** Each candidate is a server, the runner of one, or left out. */
async function settle(scene: Scene): Promise<Pick<Finding, "found" | "leftOut">> {
  const byPid = new Map(scene.candidates.map((candidate) => [candidate.process.pid, candidate]));
  const ownerOf = ({ process }: Candidate) => scene.tree.ancestorsOf(process.pid).findLast((pid) => byPid.has(pid));
  const servers = scene.candidates.filter(
    (one) => ownerOf(one) === undefined && one.adapter.program.matches(one.process.argv),
  );
  const settled: Found[] = [];
  const leftOut: LeftOut[] = [];
  for (const server of servers) {
    const place =
      settled.length < MAX_SERVERS ? await placeOf(server, scene) : { why: `there are more than ${MAX_SERVERS}` };
    const runners = scene.candidates.filter((one) => ownerOf(one) === server.process.pid);
    const one = settledAt(server, place ?? noPlaceYet(server, scene), await runnersAt(place, runners, scene));
    if ("why" in one) leftOut.push({ what: wordsOf(server.adapter.kind, server.process), why: one.why });
    else settled.push(one);
  }
  const byReach = settled.toSorted((a, b) => rankOf(a) - rankOf(b));
  const isFirst = (one: Found) => byReach.find(({ port }) => port === one.port) === one;
  // Which of several listens there is not known where their sockets may not be read, nor whose runners serve it then.
  const isShared = (one: Found) =>
    settled.some(({ process, base }) => process !== one.process && base?.href === one.base?.href);
  const found = settled.filter(isFirst).map((one) => (isShared(one) ? { ...one, runners: [] } : one));
  for (const { kind, process, port } of settled.filter((one) => !isFirst(one))) {
    leftOut.push({ what: wordsOf(kind, process), why: `another server has port ${port}: ${ADVICE}` });
  }
  return { found, leftOut };
}

const wordsOf = (kind: ServerKind, { pid }: ServerProcess): string => `${kind} (pid ${pid})`;

/** Others know a server by its port alone: of several with one port it is the one that most can reach, and none that does not listen. */
const rankOf = ({ reachable }: Found): number => (reachable === "all" ? 0 : reachable === "loopback" ? 1 : 2);

const portOf = ({ adapter: { program }, process }: Candidate): number => program.portOf(process) ?? program.defaultPort;

async function placeOf(one: Candidate, { places, published, tree }: Scene): Promise<Place> {
  const { process, adapter } = one;
  const why = adapter.program.whyNotAsked?.(process);
  if (why !== undefined) return { why };
  const descendants = tree.withDescendants(process.pid);
  return places.of({ process, program: adapter.program, told: portOf(one), descendants }, published);
}

/** In a container its port is another one than the same port here. */
async function runnersAt(place: Place, runners: readonly Candidate[], { places }: Scene): Promise<Found["runners"]> {
  const isHere = place !== undefined && "listener" in place && place.isContained !== true;
  const found: Found["runners"][number][] = [];
  for (const { process, adapter } of runners) {
    const told = portIn(optionOf(process.argv, "--port"));
    const wanted = told && { process, program: adapter.program, told, descendants: [] };
    const at = isHere && wanted ? await places.of(wanted, []) : undefined;
    const listener = at !== undefined && "listener" in at ? at.listener : undefined;
    found.push({ process, base: listener && baseOf(listener.address, listener.port) });
  }
  return found;
}

function noPlaceYet(server: Candidate, { uptimeSeconds }: Scene): Place {
  const minutes = server.adapter.program.listensWithinMinutes ?? LOADING_MINUTES;
  const ageSeconds = (uptimeSeconds ?? 0) - Number(server.process.startTime) / TICKS_PER_SECOND;
  if (ageSeconds < minutes * 60) return undefined;
  return { why: `it does not listen on port ${portOf(server)}, ${minutes} minutes after its start: ${ADVICE}` };
}

function settledAt(candidate: Candidate, place: Place, runners: Found["runners"]): Found | { why: string } {
  const { adapter, process } = candidate;
  if (place !== undefined && "why" in place) return place;
  const port = place?.listener.port ?? portOf(candidate);
  if (port === 0) return { why: "it does not listen yet, on a port that the system will choose" };
  const prefix = adapter.program.prefixOf?.(process);
  const base = place === undefined ? undefined : baseOf(place.listener.address, port, prefix);
  const reachable = place === undefined ? undefined : reachOf(place.listener.address);
  return { kind: adapter.kind, process, port, base, reachable, runners };
}
