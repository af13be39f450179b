import type { ServerKind, ServerProcess } from "./adapter.ts";
import { type ConfiguredServer, portOf } from "./configured.ts";
import type { Finding, Found } from "./find.ts";
import {
  addressIn,
  EITHER_LOOPBACK,
  isEvery,
  isLoopback,
  isOfThisHost,
  type Listener,
  type Reachable,
  reachOf,
  widestOf,
} from "./listeners.ts";
import { keyOf } from "./places.ts";
import type { Proc } from "./proc.ts";

/** A server to be read: found, or named by an operator. */
export interface Target {
  /** The same at each reading, for as long as it is the same server. */
  readonly key: string;
  readonly kind: ServerKind | undefined;
  /** Where it is asked; undefined while it does not listen. */
  readonly base: URL | undefined;
  readonly port: number;
  /** Undefined while it does not listen. */
  readonly reachable: Reachable | undefined;
  readonly process: ServerProcess | undefined;
  readonly runners: Found["runners"];
  readonly isConfigured: boolean;
}

/** What is named wins over what is found at that port: nobody else could correct it. `listeners` are those of this host. */
export function targetsOf(
  found: readonly Found[],
  configured: readonly ConfiguredServer[],
  listeners: readonly Listener[],
): Target[] {
  const targets = found.map((one): Target => ({ ...one, key: keyOf(one.process), isConfigured: false }));
  for (const one of configured) {
    const isThere = ({ port, isConfigured }: Target) =>
      !isConfigured && isOfThis(one.base) && port === portOf(one.base);
    const at = targets.findIndex(isThere);
    const there = targets[at];
    if (there === undefined) targets.push(targetOf(one, listeners));
    else targets[at] = corrected(there, one, listeners);
  }
  return targets;
}

/** While nothing listens there, the process that was found says more. */
function corrected(there: Target, one: ConfiguredServer, listeners: readonly Listener[]): Target {
  if (one.kind !== undefined && one.kind !== there.kind) return targetOf(one, listeners);
  if (there.base === undefined) return widestOf(listeners, there.port) === undefined ? there : targetOf(one, listeners);
  // By an address of an interface it is told how others reach it, also where it is found at just that one.
  const isKnown = there.base.href === one.base.href && isHere(one.base);
  return isKnown ? there : { ...there, base: one.base, isConfigured: true };
}

/** systemd holds the sockets of servers that it starts when they are asked. */
const INIT = 1;

/** Without what the server at a named port has started for its models, as llama-swap does: past it a request would be cut off when it ends that. */
export function withoutStartedByNamed(
  { found, tree }: Pick<Finding, "found" | "tree">,
  configured: readonly ConfiguredServer[],
  listeners: readonly Listener[],
  proc: Proc,
): readonly Found[] {
  const ports = new Set(configured.filter(({ base }) => isOfThis(base)).map(({ base }) => portOf(base)));
  const named = listeners.filter(({ port }) => ports.has(port));
  if (named.length === 0) return found;
  const isNamed = (pid: number) => {
    const sockets = pid === INIT ? undefined : proc.sockets(pid);
    return named.some(({ inode }) => sockets?.has(inode));
  };
  return found.filter(({ process, port }) => ports.has(port) || !tree.ancestorsOf(process.pid).some(isNamed));
}

/** Whether a configured address is of this host and of no other. */
export function isHere(base: URL): boolean {
  const address = addressIn(base);
  return address === EITHER_LOOPBACK || isLoopback(address) || isEvery(address);
}

/** By an address of its interfaces others reach it, too. */
const isOfThis = (base: URL): boolean => isHere(base) || isOfThisHost(addressIn(base));

function targetOf({ kind, base }: ConfiguredServer, listeners: readonly Listener[]): Target {
  const port = portOf(base);
  const listener = widestOf(listeners, port);
  const reachable = isHere(base) ? (listener === undefined ? "loopback" : reachOf(listener.address)) : "all";
  return { key: base.href, kind, base, port, reachable, process: undefined, runners: [], isConfigured: true };
}
