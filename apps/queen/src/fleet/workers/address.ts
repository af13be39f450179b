import { isIP } from "node:net";
import { isLoopback } from "../../reach/addresses.ts";
import type { ServerAddress } from "./worker.ts";

/** Addresses on which servers listen and that nobody can connect to. */
const WILDCARD = /^(https?:\/\/)(?:0\.0\.0\.0|\[::\])(?=[:/]|$)/i;

/**
 * Where others reach a server on a hive with that host: as the hive says it; else made from the host, if the server is not bound to another loopback than
 * theirs. null where that is not known.
 */
export function urlOf({ url, port, reachable }: ServerAddress, host: string): string | null {
  if (url !== null) return host === "" ? url : url.replace(WILDCARD, `$1${inUrl(host)}`);
  if (port === null || reachable === null || host === "") return null;
  if (reachable === "loopback" && !isLoopback(host)) return null;
  return `http://${inUrl(host)}:${port}`;
}

/** Whether work may be sent there: a hive that says nothing at all of an address leaves it to the caller to find the server. */
export function isReachable(address: ServerAddress, host: string): boolean {
  const { url, port, reachable } = address;
  return url !== null || (port === null && reachable === null) || urlOf(address, host) !== null;
}

const inUrl = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host);
