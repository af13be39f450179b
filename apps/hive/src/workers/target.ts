import type { ServerKind, ServerProcess } from "./adapter.ts";
import { type ConfiguredServer, portOf } from "./configured.ts";
import type { Found } from "./find.ts";
import { isLoopback, type Listener, type Reachable, reachOf, widestOf } from "./listeners.ts";
import { keyOf } from "./places.ts";

/** A server to be read: found, or named by an operator. */
export interface Target {
  /** The same at each reading, for as long as it is the same server. */
  readonly key: string;
  readonly kind: ServerKind | undefined;
  /** Where it is asked; undefined while it does not listen. */
  readonly base: URL | undefined;
  readonly port: number;
  readonly reachable: Reachable;
  readonly process: ServerProcess | undefined;
  readonly runners: Found["runners"];
  readonly isConfigured: boolean;
}

/** A server that was found is read as that, also where it is named. `listeners` are those of this host. */
export function targetsOf(
  found: readonly Found[],
  configured: readonly ConfiguredServer[],
  listeners: readonly Listener[],
): Target[] {
  const targets = found.map((one): Target => {
    return { ...one, key: keyOf(one.process), isConfigured: false };
  });
  const isFound = ({ base }: ConfiguredServer) => isHere(base) && found.some(({ port }) => port === portOf(base));
  const named = configured.filter((one) => !isFound(one)).map((one) => targetOf(one, listeners));
  return [...targets, ...named];
}

/** Whether a configured address is of this host and of no other. */
export function isHere({ hostname }: URL): boolean {
  return hostname === "localhost" || isLoopback(hostname.replace(/^\[|\]$/g, ""));
}

function targetOf({ kind, base }: ConfiguredServer, listeners: readonly Listener[]): Target {
  const port = portOf(base);
  const listener = widestOf(listeners, port);
  const reachable = isHere(base) ? (listener === undefined ? "loopback" : reachOf(listener.address)) : "all";
  return { key: base.href, kind, base, port, reachable, process: undefined, runners: [], isConfigured: true };
}
