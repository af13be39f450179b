import type { Adapter, Program, ServerKind, ServerProcess } from "./adapter.ts";
import { optionOf, portIn } from "./argv.ts";
import { addressesOf, type PublishedPort, publishedBy } from "./containers.ts";
import { baseOf, type Listener, listenersOf, type Reachable, reachOf, widestOf } from "./listeners.ts";
import { allOf, type Proc } from "./proc.ts";
import { ProcessTree } from "./process-tree.ts";

export const MAX_SERVERS = 64;

/** A server that was found by its process. */
export interface Found {
  readonly kind: ServerKind;
  readonly process: ServerProcess;
  /** On this host. */
  readonly port: number;
  /** Where it is asked; undefined while it does not listen. */
  readonly base: URL | undefined;
  readonly reachable: Reachable;
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
  /** Of the network namespace of this agent. */
  readonly listeners: readonly Listener[];
}

interface Candidate {
  readonly adapter: Adapter & { readonly program: Program };
  readonly process: ServerProcess;
}

/** Where a process listens; undefined for one that does not yet. */
type Place =
  | { readonly listener: Pick<Listener, "address" | "port">; readonly isContained?: true }
  | { readonly why: string }
  | undefined;

/** Finds the servers among the processes of this host. No port is tried: a printer prints what it is sent. */
export async function findServers(proc: Proc, adapters: readonly Adapter[]): Promise<Finding> {
  const pids = await proc.pids();
  const commands = await allOf(pids, async (pid) => ({ pid, argv: await proc.argv(pid) }));
  const known = adapters.filter((adapter): adapter is Candidate["adapter"] => adapter.program !== undefined);
  const matches = commands.flatMap(({ pid, argv }) => {
    const adapter = known.find(({ program }) => program.matches(argv) || program.isRunner?.(argv));
    return adapter === undefined ? [] : [{ pid, argv, adapter }];
  });
  const listeners = await listenersOf(proc);
  if (matches.length === 0) return { found: [], leftOut: [], tree: new ProcessTree([], performance.now()), listeners };

  const tree = await ProcessTree.read(proc, pids);
  const candidates = await allOf(matches, async ({ pid, argv, adapter }): Promise<Candidate[]> => {
    const startTime = tree.stat(pid)?.startTime;
    if (startTime === undefined) return [];
    return [{ adapter, process: { pid, startTime, argv, environment: await proc.environment(pid) } }];
  });
  const published = commands.flatMap(({ argv }) => publishedBy(argv) ?? []);
  return { ...(await settle({ proc, tree, listeners, published, candidates: candidates.flat() })), tree, listeners };
}

interface Scene {
  readonly proc: Proc;
  readonly tree: ProcessTree;
  readonly listeners: readonly Listener[];
  readonly published: readonly PublishedPort[];
  readonly candidates: readonly Candidate[];
}

/** Each candidate is a server, the runner of one, or left out. */
async function settle(scene: Scene): Promise<Pick<Finding, "found" | "leftOut">> {
  const byPid = new Map(scene.candidates.map((candidate) => [candidate.process.pid, candidate]));
  const ownerOf = ({ process }: Candidate) => scene.tree.ancestorsOf(process.pid).findLast((pid) => byPid.has(pid));
  const servers = scene.candidates.filter(
    (one) => ownerOf(one) === undefined && one.adapter.program.matches(one.process.argv),
  );
  const found: Found[] = [];
  const leftOut: LeftOut[] = [];
  for (const server of servers) {
    const { process, adapter } = server;
    const what = `${adapter.kind} (pid ${process.pid})`;
    const place =
      found.length < MAX_SERVERS ? await placeOf(server, scene) : { why: `there are more than ${MAX_SERVERS}` };
    const runners = scene.candidates.filter((one) => ownerOf(one) === process.pid).map((one) => one.process);
    const settled = settledAt(server, place, runnersAt(place, runners, scene));
    if ("why" in settled) leftOut.push({ what, why: settled.why });
    else if (found.some(({ base }) => base !== undefined && base.href === settled.base?.href))
      leftOut.push({ what, why: `another server has port ${settled.port}` });
    else found.push(settled);
  }
  return { found, leftOut };
}

/** In a container its port is another one than the same port here. */
function runnersAt(place: Place, runners: readonly ServerProcess[], { listeners }: Scene): Found["runners"] {
  const isHere = place !== undefined && "listener" in place && place.isContained !== true;
  return runners.map((process) => {
    const listener = isHere ? widestOf(listeners, portIn(optionOf(process.argv, "--port")) ?? 0) : undefined;
    return { process, base: listener && baseOf(listener.address, listener.port) };
  });
}

function settledAt({ adapter, process }: Candidate, place: Place, runners: Found["runners"]): Found | { why: string } {
  if (place !== undefined && "why" in place) return place;
  const port = place?.listener.port ?? adapter.program.portOf(process) ?? adapter.program.defaultPort;
  if (port === 0) return { why: "it does not listen yet, on a port that the system will choose" };
  const base = place === undefined ? undefined : baseOf(place.listener.address, port);
  const reachable = place === undefined ? "loopback" : reachOf(place.listener.address);
  return { kind: adapter.kind, process, port, base, reachable, runners };
}

/** Its sockets say it best; where they may not be read, a listener of its user on the port that it was told. */
async function placeOf({ adapter, process }: Candidate, scene: Scene): Promise<Place> {
  const { proc } = scene;
  const sockets = await proc.sockets(process.pid);
  const uid = (await proc.status(process.pid)).get("Uid");
  const isIts = (one: Listener) => (sockets === undefined ? one.uid === uid : sockets.has(one.inode));
  const told = adapter.program.portOf(process) ?? adapter.program.defaultPort;
  const choose = (all: readonly Listener[]) => {
    const its = all.filter(isIts);
    const ports = new Set(its.map(({ port }) => port));
    const [only] = sockets !== undefined && ports.size === 1 ? ports : [];
    return widestOf(its, told) ?? (only === undefined ? undefined : widestOf(its, only));
  };
  const here = choose(scene.listeners);
  if (here !== undefined) return { listener: here };
  // Its own table is read only now: where connections are many, that takes long.
  const inside = choose(await listenersOf(proc, process.pid));
  return inside === undefined ? undefined : publishedPlace(process, inside.port, scene);
}

async function publishedPlace(process: ServerProcess, port: number, { proc, published }: Scene): Promise<Place> {
  const addresses = await addressesOf(proc, process.pid);
  const one = published.find((way) => way.containerPort === port && addresses.has(way.containerAddress));
  if (one !== undefined) return { listener: { address: one.hostAddress, port: one.hostPort }, isContained: true };
  return { why: `it is in a container, and no docker-proxy publishes its port ${port}: name it with HIVE_WORKERS` };
}
